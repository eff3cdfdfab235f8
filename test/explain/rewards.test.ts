import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import type { Queryable } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { explain } from "../../src/explain/index.ts";
import { releaseCommission } from "../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../src/workers/commissions/reverse-sale.ts";
import { rewardsScene } from "../support/rewards-scene.ts";
import { takeSale } from "../support/sales.ts";
import { approve } from "../support/tasks.ts";
import type { World } from "../support/world.ts";

/** Changes stored figures with the triggers that forbid it disabled, looks at them, and undoes the change. */
async function corrupted(
  world: World,
  [table, set, where]: readonly [table: string, set: string, where: string],
  look: (on: Queryable) => Promise<void>,
): Promise<void> {
  const undo = new Error("undo");
  const looking = inTransaction(world.db, async (tx) => {
    await tx.execute(sql.raw(`alter table ${table} disable trigger all`));
    const { rowCount } = await tx.execute(sql.raw(`update ${table} set ${set} where ${where}`));
    expect(rowCount, `${table}: ${set}`).toBeGreaterThan(0);
    await look(tx);
    throw undo;
  });
  await looking.catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}

const how = (explanation: { steps: readonly { what: string; how: string }[] } | undefined, what: string) =>
  explanation?.steps.find((step) => step.what === what)?.how;

describe("explain multiplier", () => {
  it("recomputes the latest change and shows the steps", async () => {
    const { world, people } = await rewardsScene();
    const found = await explain(world.db.drizzle, "multiplier", people[0]!.profileId);
    expect(found).toMatchObject({ agrees: true, faults: [], ownerUserId: people[0]!.userId });
    expect(how(found, "activity")).toBe("12 tasks approved in the 30 days before, in groups of 10: 0.05");
    expect(how(found, "multiplier")).toBe("at least 1.00, at most 3.00: 1.05 (previously 1.00)");
  });

  it("finds the multiplier at an instant, also if it has never changed", async () => {
    const { world, people } = await rewardsScene();
    const at = (id: string) => explain(world.db.drizzle, "multiplier", id);
    const before = await at(`${people[0]!.profileId}@2026-03-09T01:59:59Z`);
    expect(how(before, "multiplier")).toBe("1.00: it has never changed");
    expect((await at(`${people[0]!.profileId}@2026-03-09T02:00:00Z`))?.title).toContain(
      "2026-03-09 02:00:00Z",
    );
    expect(how(await at(people[1]!.profileId), "multiplier")).toBe("1.00: it has never changed");
  });

  it("detects each changed figure", async () => {
    const { world, people } = await rewardsScene();
    const id = people[0]!.profileId;
    for (const column of [
      "level",
      "approved_in_30_days",
      "active_direct_referrals",
      "multiplier_hundredths",
      "base_hundredths",
      "activity_hundredths",
      "referral_hundredths",
      "decay_millionths",
    ]) {
      const change = ["multiplier_history", `${column} = ${column} + 10`, `profile_id = ${id}`] as const;
      await corrupted(world, change, async (on) => {
        expect(await explain(on, "multiplier", id), column).toMatchObject({ agrees: false });
      });
    }
    expect(await explain(world.db.drizzle, "multiplier", id)).toMatchObject({ agrees: true });
  });

  it("detects changed days and a changed maximum", async () => {
    const { world, people } = await rewardsScene();
    const id = people[0]!.profileId;
    for (const set of ["days_since_last_activity = 30", "max_hundredths = 101"]) {
      await corrupted(world, ["multiplier_history", set, `profile_id = ${id}`], async (on) => {
        const found = await explain(on, "multiplier", id);
        expect(found?.faults.at(-1), set).toMatch(/^multiplier: 1\.05 is stored, 1\.0[01] comes out$/);
      });
    }
  });
});

describe("explain award", () => {
  it("recomputes an award and shows the steps", async () => {
    const { world, people, periodId } = await rewardsScene();
    const found = await explain(world.db.drizzle, "award", `${periodId}:${people[0]!.profileId}`);
    expect(found).toMatchObject({ agrees: true, faults: [], ownerUserId: people[0]!.userId });
    // 3 x 20 x 1 x 0.1 x 1.00 + 5 for one active referral.
    expect(how(found, "score")).toBe(
      "6.0 xp x 1.00 + 5 x 1 referrals - 2 x 0 rejected - 0 overdue, at least 0 = 11.00",
    );
    expect(how(found, "share")).toBe("50 of 100 = 50.00 %");
    expect(how(found, "award")).toBe("50.00, rounded to 0.01 by largest remainder");
  });

  it("explains an award of nothing, and a whole period", async () => {
    const { world, people, periodId } = await rewardsScene();
    const nothing = await explain(world.db.drizzle, "award", `${periodId}:${people[2]!.profileId}`);
    expect(how(nothing, "award")).toBe("none: no-score");
    const whole = await explain(world.db.drizzle, "award", periodId);
    expect(whole).toMatchObject({ agrees: true, ownerUserId: null });
    expect(how(whole, "paid")).toBe("75.00 to 2 profiles, 25.00 left over");
  });

  it("explains why a profile was not eligible, and reports if it would be now", async () => {
    const { world, people, periodId } = await rewardsScene();
    const id = `${periodId}:${people[3]!.profileId}`;
    const none = await explain(world.db.drizzle, "award", id);
    expect(none).toMatchObject({ agrees: true, faults: [], ownerUserId: people[3]!.userId });
    expect(how(none, "eligible")).toBe("0 tasks approved in the period; at least 1 needed");
    expect(how(none, "award")).toBe("none: too-few-approved");
    await approve(world, people[3]!, 1, "2026-03-08T12:00:00Z");
    expect(await explain(world.db.drizzle, "award", id)).toMatchObject({
      agrees: false,
      faults: ["approved: 1 now, fewer than 1 when the period was paid"],
    });
  });

  it("detects each changed input", async () => {
    const { world, people, periodId } = await rewardsScene();
    const [mine, other] = people.map(({ profileId }) => `${periodId}:${profileId}`) as [string, string];
    const own = `period_id = ${periodId} and profile_id = ${people[0]!.profileId}`;
    for (const set of [
      "xp_times_level = xp_times_level + 10",
      "multiplier_hundredths = 105",
      "active_direct_referrals = 0",
      "rejected = 1",
      "overdue = 1",
      "approved = 0",
      "score_hundredths = score_hundredths + 1",
      "rank = 2",
      "amount_micro = amount_micro + 10000",
    ]) {
      await corrupted(world, ["budget_awards", set, own], async (on) => {
        const found = await explain(on, "award", mine);
        expect(found?.agrees, set).toBe(false);
        expect(found?.faults, set).not.toEqual([]);
        expect(await explain(on, "award", periodId), set).toMatchObject({ agrees: false });
        // The owner of another award sees that one differs, but not whose.
        const seen = await explain(on, "award", other);
        expect(seen?.agrees, set).toBe(false);
        expect(seen?.faults.join(), set).not.toContain(` ${people[0]!.profileId}:`);
      });
    }
    expect(await explain(world.db.drizzle, "award", periodId)).toMatchObject({ agrees: true });
  });

  it("detects a changed period", async () => {
    const { world, periodId } = await rewardsScene();
    for (const set of [
      "pool_micro = pool_micro + 10000, granted_micro = granted_micro + 10000, leftover_micro = leftover_micro + 10000",
      "eligible = 9",
    ]) {
      await corrupted(world, ["budget_periods", set, `id = ${periodId}`], async (on) => {
        expect(await explain(on, "award", periodId), set).toMatchObject({ agrees: false });
      });
    }
  });

  it("detects a ledger entry that differs from the award", async () => {
    const { world, periodId } = await rewardsScene();
    const change = ["ledger_entries", "amount_micro = amount_micro + 1", "amount_micro = 50000000"] as const;
    await corrupted(world, change, async (on) => {
      const found = await explain(on, "award", periodId);
      expect(found?.faults).toEqual([
        expect.stringMatching(/^ledger of \d+: 50\.000001 is stored, 50\.00 comes out$/),
      ]);
    });
  });
});

describe("explain commission", () => {
  it("recomputes a sale, and one line of it", async () => {
    const { world, people, saleId } = await rewardsScene();
    const whole = await explain(world.db.drizzle, "commission", saleId);
    expect(whole).toMatchObject({ agrees: true, ownerUserId: null });
    expect(how(whole, "total")).toBe("100.50 x 24 % = 24.12, rounded half up to 0.01");
    expect(whole?.steps.filter(({ what }) => what.startsWith("level")).map(({ what }) => what)).toEqual([
      "level 1",
      "level 2",
      "level 3",
    ]);
    const line = await explain(world.db.drizzle, "commission", `${saleId}:2`);
    expect(line).toMatchObject({ agrees: true, ownerUserId: people[1]!.userId });
    expect(how(line, "level 2")).toBe("8 % of the amount, by largest remainder: 8.04 (earned)");
    expect(how(line, "level 1")).toBeUndefined();
  });

  it("still agrees after an operator's decision, and for a sale that pays nobody", async () => {
    const { world, people, saleId, heldId } = await rewardsScene();
    expect(how(await explain(world.db.drizzle, "commission", heldId), "signals")).toBe("held: late-receipt");
    await world.perform(releaseCommission, { saleId: heldId, actor: "ann" });
    await world.perform(reverseSale, { saleId, actor: "ann" });
    for (const id of [heldId, saleId]) {
      expect(await explain(world.db.drizzle, "commission", id)).toMatchObject({ agrees: true });
    }
    for (const buyer of [people[0]!, { userId: "4711" }]) {
      const sale = await takeSale(world, { buyer });
      expect(how(await explain(world.db.drizzle, "commission", sale.saleId), "sale")).toContain(
        "no decision yet",
      );
      await world.drain();
      expect(await explain(world.db.drizzle, "commission", sale.saleId)).toMatchObject({ agrees: true });
    }
  });

  it("detects each changed input", async () => {
    const { world, saleId } = await rewardsScene();
    for (const [table, set] of [
      ["token_sales", "amount_micro = amount_micro + 1000000"],
      ["token_sales", `inputs = jsonb_set(inputs, '{ratesBps,0}', '900')`],
      ["token_sales", `inputs = jsonb_set(inputs, '{minimum}', '"9.00"')`],
      ["token_sales", `inputs = jsonb_set(inputs, '{chain}', (inputs->'chain') - 0)`],
      ["token_sales", `inputs = jsonb_set(inputs, '{history,salesLastHour}', '11')`],
      ["token_sales", `inputs = jsonb_set(inputs, '{ruleVersion}', '0')`],
      ["token_sales", "received_at = received_at + interval '40 days'"],
      ["commissions", "amount_micro = amount_micro + 10000"],
      ["commissions", "rate_bps = 1"],
      ["commissions", "beneficiary_id = (select profile_id from token_sales limit 1)"],
    ] as const) {
      const where = table === "commissions" ? `sale_id = ${saleId} and level = 1` : `id = ${saleId}`;
      await corrupted(world, [table, set, where], async (on) => {
        const found = await explain(on, "commission", saleId);
        expect(found?.agrees, `${table} ${set}`).toBe(false);
        expect(found?.faults, `${table} ${set}`).not.toEqual([]);
      });
    }
    expect(await explain(world.db.drizzle, "commission", saleId)).toMatchObject({ agrees: true });
  });
});

describe("explain", () => {
  it("is undefined for an unknown or malformed id", async () => {
    const { world, saleId, periodId } = await rewardsScene();
    for (const [kind, ids] of [
      ["award", ["999", `${periodId}:999`, "x", "1:2:3", "0"]],
      ["commission", ["999", `${saleId}:5`, `${saleId}:6`, "' or 1=1"]],
      ["multiplier", ["999", "1@never", ""]],
    ] as const) {
      for (const id of ids) expect(await explain(world.db.drizzle, kind, id)).toBeUndefined();
    }
  });
});
