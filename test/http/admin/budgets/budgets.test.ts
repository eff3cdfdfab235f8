import { describe, expect, it } from "vitest";
import { rewardsScene } from "../../../support/rewards-scene.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

async function open() {
  const scene = await rewardsScene(PASSWORDS);
  return { ...scene, ...(await visitors(await serve(scene.world))) };
}

describe("the pages of budgets and multipliers", () => {
  it("list paid periods by type, the runs of the multipliers, and how far they are calculated", async () => {
    const { periodId, page } = await open();
    const shown = await page("/admin/budgets");
    expect(shown).toContain(`<a href="/admin/budgets/${periodId}">daily 2026-03-08</a>`);
    expect(shown).toMatch(/<a href="\/admin\/runs\/\d+">\d+<\/a><\/td><td>done<\/td>/);
    expect(shown).toContain("Multipliers by organization");
    const run = /<a href="(\/admin\/runs\/\d+)">/.exec(shown)?.[1] ?? "";
    const counts = await page(run);
    for (const name of ["calculated", "moved"]) {
      expect(counts).toContain(`<td>${name}</td>`);
      expect(shown.toLowerCase()).toContain(`class="number">${name}</th>`);
    }
    expect(await page("/admin/budgets?type=weekly")).toContain("No budget was paid.");
    expect(await page("/admin/budgets?type=hourly")).toContain("is not a type of period");
  });

  it("show who got what of a period and why others got nothing, each with its explanation", async () => {
    const { world, periodId, people, viewer, page } = await open();
    const shown = await page(`/admin/budgets/${periodId}`);
    const awards = await world.query<{ profile_id: string; amount_micro: string }>(
      "select profile_id, amount_micro from budget_awards where period_id = $1 order by rank nulls last",
      [periodId],
    );
    expect(awards.length).toBeGreaterThan(1);
    for (const { profile_id } of awards) {
      const href = `/admin/explain?kind=award&amp;id=${periodId}%3A${profile_id}`;
      expect(shown).toContain(`href="${href}"`);
      expect(await page(href.replace("&amp;", "&"))).toContain("agrees with what is stored");
    }
    expect(shown).toContain(`<a href="/admin/people/${people[0]!.userId}">`);
    expect(shown).toMatch(
      /data-stream="\/admin\/stream\?of=budget_periods&amp;of=budget_awards&amp;of=organizations"/,
    );
    expect(shown).toMatch(/<div data-region="period"><dl class="facts">.*<h2>Awards<\/h2>/s);
    expect((await viewer.send("GET", "/admin/budgets/999999")).status).toBe(404);
  });
});
