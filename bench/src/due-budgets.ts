import { catalogueOf } from "../../src/queues/catalogue.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import { distributeBudget } from "../../src/workers/budgets/distribute-budget.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import { type Bench, type BenchContext, type Figure, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { named } from "./loop-delays.ts";
import { parentOf, processorTimeOfTree } from "./processor-use.ts";

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

/**
 * From enqueue to the end of a run of sweep-due-budgets, through Redis and the workers of one process. The
 * payments that it enqueues are due a day later here: none runs, and no relay gives them carriers, which it
 * does at the pace of the payments.
 */
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

const POSTPONE_PAYMENTS = [
  `create function postpone_payment() returns trigger language plpgsql as
   $$ begin new.run_at := new.run_at + interval '1 day'; return new; end $$`,
  `create trigger postpone_payment before insert on outbox for each row
   when (new.job = '${distributeBudget.name}') execute function postpone_payment()`,
];

async function load(scratch: Scratch, scale: number, { paidBefore, budgetsFrom }: Case): Promise<void> {
  for (const statement of POSTPONE_PAYMENTS) await scratch.sql(statement);
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
  const catalogue = catalogueOf([sweepDueBudgets, distributeBudget]);
  const clock = { now: () => new Date(AT) };
  const figures = await withClone(context, template, (scratch) =>
    besideWorkers(context, scratch, { queue: "budgets", clock, catalogue }, async (runtime) => {
      const processorTime = await watchProcessors(scratch);
      const id = await runtime.relay.transact((tx) => startRun(tx, sweepDueBudgets, {}));
      const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
      context.say(`${name}: ${ended.status}: ${JSON.stringify(ended.counts)}`);
      if (ended.status !== "done") throw new Error(`the run is ${ended.status}: ${ended.error}`);
      const usedMs = processorTime();
      await checkPayments(scratch, ended.counts["due"] ?? 0);
      const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
      return [
        { figure: "run", unit: "s", value },
        { figure: "processor time of the process and Postgres", unit: "s", value: usedMs / 1_000 },
      ];
    }),
  );
  return figures.map((figure) => named(name, figure));
}

/** @returns a function that tells the processor time since then, in milliseconds. */
async function watchProcessors(scratch: Scratch): Promise<() => number> {
  const [backend] = await scratch.sql("select pg_backend_pid() as pid");
  const postmaster = parentOf(Number(backend?.["pid"]));
  const own = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1_000;
  const read = () => processorTimeOfTree(postmaster) + own(process.cpuUsage());
  const before = read();
  return () => read() - before;
}

async function checkPayments(scratch: Scratch, due: number): Promise<void> {
  const [found] = await scratch.sql("select count(*)::int as waiting from outbox where job = $1", [
    distributeBudget.name,
  ]);
  if (found?.["waiting"] !== due)
    throw new Error(`${due} budgets were due, ${found?.["waiting"]} are enqueued`);
}
