import { describe, expect, it } from "vitest";
import { formatAmount } from "../../../../src/scoring/money.ts";
import { verifyLedger } from "../../../../src/workers/maintenance/verify-ledger.ts";
import { balanceOf } from "../../../support/factories.ts";
import { performRanged } from "../../../support/jobs.ts";
import { rewardsScene } from "../../../support/rewards-scene.ts";
import { systemBalance } from "../../../support/sales.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

async function open() {
  const scene = await rewardsScene(PASSWORDS);
  return { ...scene, ...(await visitors(await serve(scene.world))) };
}

const amount = (micro: string) => formatAmount(BigInt(micro));

describe("the page of the ledger", () => {
  it("shows totals that equal the sums of the entries, and the largest accounts", async () => {
    const { world, people, page } = await open();
    const shown = await page("/admin/ledger");
    for (const kind of ["treasury", "held"] as const)
      expect(shown).toContain(`<strong class="plain">${amount(await systemBalance(world, kind))}</strong>`);
    const balances = await Promise.all(people.map((person) => balanceOf(world, person)));
    const largest = balances.map(BigInt).sort((a, b) => Number(b - a));
    const cells = [...shown.matchAll(/<td class="number">([\d.]+)<\/td>/g)].map(([, text]) => text);
    expect(cells.slice(0, people.length)).toEqual(largest.map(formatAmount));
    expect(shown).toMatch(/<td>\d+, Helpers<\/td>/);
  });

  it("shows when the ledger was verified, and what a verification found", async () => {
    const { world, page } = await open();
    expect(await page("/admin/ledger")).toContain("The ledger was never verified.");
    await performRanged(world, verifyLedger, { full: true });
    expect(await page("/admin/ledger")).toContain("no faults");
    await world.query(
      "update ledger_balances set balance_micro = balance_micro + 1 where account_id = (select min(account_id) from ledger_balances)",
    );
    world.at("2026-03-09T03:00:00Z");
    await performRanged(world, verifyLedger, { full: true });
    const shown = await page("/admin/ledger");
    expect(shown).toContain("1 faults");
    expect(shown).toContain("ledger:balances");
    await world.query(
      "update ledger_balances set balance_micro = balance_micro - 1 where account_id = (select min(account_id) from ledger_balances)",
    );
  });
});
