import fc from "fast-check";
import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { type BudgetPeriod, firstWholePeriod, periodAfter } from "../../src/rewards/budget-periods.ts";
import { BUDGET_PERIOD_TYPES, dueBudgets } from "../../src/rewards/due-budgets.ts";
import { organization } from "../support/factories.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const DEFAULT_ZONE = "Europe/Berlin";
const ZONES = [
  null,
  "UTC",
  "Pacific/Kiritimati",
  "Pacific/Honolulu",
  "America/Havana",
  "Asia/Kolkata",
] as const;

const START = Date.parse("2026-02-20T00:00:00Z");
const HOUR_MS = 3_600_000;

type Line = { paid: number; ahead: boolean };
const line = fc.record({ paid: fc.nat({ max: 3 }), ahead: fc.boolean() });
const scene = fc.record({
  zone: fc.constantFrom(...ZONES),
  fromHours: fc.nat({ max: 24 * 40 }),
  /** Whole hours are bounds of periods in most zones. */
  exact: fc.boolean(),
  /** By how much budgets_from is moved after the payments. */
  movedHours: fc.oneof(fc.constant(0), fc.nat({ max: 24 * 20 })),
  lines: fc.record({ daily: line, weekly: line, monthly: line }),
});

/** Writes a payment of a period that paid nobody. */
async function pay(world: World, id: string, period: BudgetPeriod, outOfTurn: boolean): Promise<void> {
  await world.query(
    `insert into budget_periods (organization_id, period_type, period_start, start_at, end_at, time_zone, granted_micro, carried_micro,
                                 pool_micro, paid_micro, leftover_micro, leftover_to, eligible, out_of_turn, paid_at, inputs)
     values ($1, $2, $3, $4, $5, 'UTC', 0, 0, 0, 0, 0, 'return', 0, $6, now(), '{}')`,
    [id, period.type, period.start, period.startAt, period.endAt, outOfTurn],
  );
}

it("the periods found by comparing dates are those that are due by the bounds of periods", async () => {
  const world = await createWorld();
  await fc.assert(
    fc.asyncProperty(
      fc.array(scene, { minLength: 1, maxLength: 6 }),
      fc.nat({ max: 24 * 70 }),
      async (scenes, atHours) => {
        const now = new Date(START + atHours * HOUR_MS);
        const expected: string[] = [];
        const ids: string[] = [];
        for (const { zone, fromHours, exact, movedHours, lines } of scenes) {
          const id = await organization(world, zone === null ? {} : { timeZone: zone });
          ids.push(id);
          const from = new Date(START + fromHours * HOUR_MS + (exact ? 0 : 1_234_567));
          const moved = new Date(from.getTime() + movedHours * HOUR_MS);
          await world.query("update organizations set budgets_from = $2 where id = $1", [id, moved]);
          for (const type of BUDGET_PERIOD_TYPES) {
            const { paid, ahead } = lines[type] as Line;
            let period = firstWholePeriod(type, zone ?? DEFAULT_ZONE, from);
            for (let n = 0; n < paid; n++) {
              await pay(world, id, period, false);
              period = periodAfter(period, zone ?? DEFAULT_ZONE);
            }
            if (ahead) {
              await pay(world, id, period, true);
              period = periodAfter(period, zone ?? DEFAULT_ZONE);
            }
            const first = firstWholePeriod(type, zone ?? DEFAULT_ZONE, moved);
            if (first.start > period.start) period = first;
            if (period.endAt <= now) expected.push(`${id} ${type} ${period.start}`);
          }
        }
        const range = { from: ids[0] as string, to: ids.at(-1) as string };
        const { due: found } = await inTransaction(world.db, (tx) =>
          dueBudgets(tx, now, DEFAULT_ZONE, range),
        );
        expect(
          found
            .map(({ organizationId, period }) => `${organizationId} ${period.type} ${period.start}`)
            .sort(),
        ).toEqual(expected.sort());
      },
    ),
    { numRuns: size(40, 1_000) },
  );
});
