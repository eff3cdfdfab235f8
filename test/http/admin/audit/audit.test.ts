import { describe, expect, it } from "vitest";
import { eventually } from "../../../support/eventually.ts";
import { createWorld, type World } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, postForm, visitors } from "../browser.ts";

const PATH = "/admin/audit";

async function open() {
  const world = await createWorld({ at: "2026-03-02T18:00:00Z", environment: PASSWORDS });
  return { world, ...(await visitors(await serve(world))) };
}

const entries = (world: World, count: number, action: string, at = "2026-03-02T12:00:00Z") =>
  world.query(
    `insert into audit_log (at, actor, action, subject, details)
     select $3, 'cli:ada', $2, 'schedules:' || n, jsonb_build_object('reason', 'because ' || n) from generate_series(1, $1) n`,
    [count, action, at],
  );

const subjects = (text: string) =>
  [...text.matchAll(/subject=schedules%3A(\d+)"/g)].map(([, n]) => Number(n));

describe("the page of the audit log", () => {
  it("says who did what, when, from where and why", async () => {
    const { admin, page } = await open();
    const path = "/admin/schedules/sweep-events/pause";
    await postForm(admin, path, { reason: "maintenance of the host" });
    // Written after the response.
    const shown = await eventually(async () => {
      const text = await page(`${PATH}?action=admin.request`);
      expect(text).toContain(`>POST ${path}</a>`);
      return text;
    });
    const cells = ["admin", "<code>admin.request</code>", "127.0.0.1", "maintenance of the host"];
    for (const cell of cells) expect(shown).toContain(`>${cell}</td>`);
    expect(shown).toContain("status: 303");
  });

  it("collapses long lists, and links a retry to the outcome of its entries", async () => {
    const { world, page } = await open();
    await world.query(
      `insert into audit_log (actor, action, subject, details) values
         ('admin', 'dead-letters.retry', 'outbox', '{"ids": ["1", "2", "3", "4", "5", "6"], "runs": [null]}')`,
    );
    const shown = await page(PATH);
    expect(shown).toContain("<details><summary>ids: 6</summary>1, 2, 3, 4, 5, 6</details>, runs: [null]");
    expect(shown).toMatch(/<a href="\/admin\/work\/retries\/\d+">What became of them<\/a>/);
  });

  it("filters by actor, action, subject and time, and pages to older entries", async () => {
    const { world, page } = await open();
    await entries(world, 5, "schedule.pause", "2026-01-01T00:00:00Z");
    await entries(world, 130, "schedule.resume");
    const first = await page(`${PATH}?actor=cli%3Aada`);
    expect(subjects(first)).toEqual(Array.from({ length: 100 }, (_, n) => 130 - n));
    const next = /href="([^"]*before=\d+[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toContain("actor=cli%3Aada");
    expect(subjects(await page(next))).toEqual([
      ...Array.from({ length: 30 }, (_, n) => 30 - n),
      ...[5, 4, 3, 2, 1],
    ]);
    expect(subjects(await page(`${PATH}?action=schedule.pause`))).toEqual([5, 4, 3, 2, 1]);
    expect(subjects(await page(`${PATH}?subject=schedules%3A3`))).toEqual([3, 3]);
    expect(subjects(await page(`${PATH}?subject=schedules%3A3&within=1+day`))).toEqual([3]);
    expect(await page(`${PATH}?actor=nobody`)).toContain("No entry matches.");
    expect(await page(`${PATH}?within=a+while`)).toContain("is not a time that can be chosen");
  });

  it("escapes foreign text", async () => {
    const { world, page } = await open();
    await world.query("insert into audit_log (actor, action, subject, details) values ($1, $1, $1, $2)", [
      "<img src=x>\u202e",
      JSON.stringify({ reason: "<b>\u0007</b>", other: ["<i>"] }),
    ]);
    const shown = await page(PATH);
    expect(shown).toContain("&lt;img src=x&gt;\ufffd");
    expect(shown).toContain("&lt;b&gt;\ufffd&lt;/b&gt;");
    for (const raw of ["<img src=x>", "\u202e", "\u0007", "<i>"]) expect(shown).not.toContain(raw);
  });
});
