import { catalogueOf } from "../../src/queues/catalogue.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import { type Bench, type BenchContext, type Figure, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { named } from "./loop-delays.ts";

const ORGANIZATIONS = 100_000;
const ZONES = 40;
/** Days that were paid before. */
const PAID_DAYS = 30;
/** Some minutes after midnight in UTC, on the first of a month. */
const AT = "2026-04-01T00:15:00Z";
const LIMIT_MS = 10 * 60_000;

/**
 * What the sweep finds: nothing, one day of each organization, or the first periods of organizations that are
 * all new.
 */
const CASES = {
  "nothing due": { paidBefore: "2026-04-01", budgetsFrom: "2026-01-01" },
  "a day due": { paidBefore: "2026-03-30", budgetsFrom: "2026-01-01" },
  "all new": { paidBefore: null, budgetsFrom: "2026-03-20" },
} as const;

/** From enqueue to the end of a run of sweep-due-budgets, through Redis and the workers of one process. */
export const dueBudgets: Bench = {
  name: "due-budgets",
  describe: ({ scale }) =>
    `${ORGANIZATIONS * scale} organizations in ${ZONES} time zones, ${PAID_DAYS} paid days each: sweep-due-budgets, one process; no payment runs.`,
  async run(context) {
    const templates: [string, string][] = [];
    for (const [name, fields] of Object.entries(CASES))
      templates.push([
        name,
        await makeTemplate(context.databaseUrl, (scratch) => load(scratch, context.scale, fields)),
      ]);
    await context.loaded();
    await measure(context, async () => {
      const figures: Figure[] = [];
      for (const [name, template] of templates) figures.push(...(await once(context, template, name)));
      return figures;
    });
  },
};

type Case = { readonly paidBefore: string | null; readonly budgetsFrom: string };

async function load(scratch: Scratch, scale: number, { paidBefore, budgetsFrom }: Case): Promise<void> {
  await scratch.sql(
    `insert into organizations (name, time_zone, budgets_from)
     select 'Organization ' || g, (array(select name from pg_timezone_names where name like '%/%' order by name limit $2::int))[1 + g % $2::int],
            $3::timestamptz + g * interval '1 second'
     from generate_series(1, $1::int) g`,
    [Math.round(ORGANIZATIONS * scale), ZONES, budgetsFrom],
  );
  if (paidBefore === null) return;
  await scratch.sql(
    `insert into budget_periods (organization_id, period_type, period_start, start_at, end_at, time_zone, granted_micro, carried_micro,
                                 pool_micro, paid_micro, leftover_micro, leftover_to, eligible, inputs, paid_at)
     select o.id, paid.type, paid.start, paid.start, paid.start + paid.length, o.time_zone, 0, 0, 0, 0, 0, 'return', 0, '{}', now()
     from organizations o
     cross join (select 'daily' as type, $1::date - n as start, interval '1 day' as length from generate_series(1, $2::int) n
                 union all values ('weekly', date '2026-03-22', interval '7 days'), ('monthly', date '2026-03-01', interval '1 month')) paid`,
    [paidBefore, PAID_DAYS],
  );
}

async function once(context: BenchContext, template: string, name: string): Promise<readonly Figure[]> {
  // Without distribute-budget, so that no payment runs beside the sweep.
  const catalogue = catalogueOf([sweepDueBudgets]);
  const clock = { now: () => new Date(AT) };
  const figures = await withClone(context, template, (scratch) =>
    besideWorkers(context, scratch, { queue: "budgets", clock, catalogue }, async (runtime) => {
      const id = await runtime.relay.transact((tx) => startRun(tx, sweepDueBudgets, {}));
      const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
      context.say(`${name}: ${ended.status}: ${JSON.stringify(ended.counts)}`);
      if (ended.status !== "done") throw new Error(`the run is ${ended.status}: ${ended.error}`);
      const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
      return [{ figure: "run", unit: "s", value }];
    }),
  );
  return figures.map((figure) => named(name, figure));
}
