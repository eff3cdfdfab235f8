import { sql } from "drizzle-orm";
import { inTransaction } from "../../src/db/transaction.ts";
import { createLog } from "../../src/log.ts";
import { catalogueOf } from "../../src/queues/catalogue.ts";
import { done } from "../../src/queues/outcome.ts";
import { finishRun } from "../../src/queues/runs.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { busySql, openDueSlots, openNextSlot } from "../../src/schedules/due-slots.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { benchConfig, loadBacklog, openScratch, type Scratch } from "./database.ts";

const WAITING = 5_000_000;
const TIMES = 20;
const DAY_MS = 86_400_000;

const failed = (schedule: string, fault: unknown): never => {
  throw new Error(`${schedule} was not opened`, { cause: fault });
};

/** Opening slots, and ending a scheduled run, with a large backlog. */
export const slots: Bench = {
  name: "slots",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `opening the due slots of every schedule at once, and ending a scheduled run whose next slot is due, with ${WAITING * scale} entries waiting.`,
  async run(context) {
    context.say("loading");
    const scratch = await openScratch(context.databaseUrl);
    await loadBacklog(scratch, Math.round(WAITING * context.scale));
    await context.loaded();
    const config = benchConfig(scratch.url, context.redisUrl);
    const catalogue = catalogueOf([]);
    const runtime = openRuntime({ config, log: createLog(config.log), catalogue, timetable: [] });
    await measure({ ...context, runs: context.runs ?? 1 }, () => measureSlots(context, runtime, scratch));
    await runtime.close();
    await scratch.drop();
  },
};

/** What it costs to open every schedule at once, and to end one scheduled run whose next slot is due. */
async function measureSlots(
  context: Pick<BenchContext, "say">,
  { db }: Pick<Runtime, "db">,
  scratch: Scratch,
): Promise<readonly Figure[]> {
  const open = (now: Date) => inTransaction(db, (tx) => openDueSlots(tx, timetable, now, failed));
  let now = Date.parse("2026-05-01T12:00:00Z");
  await open(new Date(now));
  const opening: number[] = [];
  const ending: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    await settleRuns(scratch);
    // Every schedule of the timetable fires at least once a week.
    now += 7 * DAY_MS;
    opening.push(await timed(async () => void (await open(new Date(now)))));
    const [run] = await scratch.sql(
      "select id::text as id from job_runs where schedule = $1 and finished_at is null",
      [sweepDueBudgets.name],
    );
    const next = new Date(now + 3_600_000);
    ending.push(
      await timed(() =>
        inTransaction(db, async (tx) => {
          await tx.execute(sql`delete from outbox where parent = ${run?.["id"]}::bigint`);
          await finishRun(tx, String(run?.["id"]), done({ due: 1 }));
          await openNextSlot(tx, timetable, String(run?.["id"]), next, failed);
        }),
      ),
    );
  }
  await settleRuns(scratch);
  await printPlan(context, scratch);
  return [...figuresOf("opening all due slots", opening), ...figuresOf("ending a scheduled run", ending)];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** As if every run had ended. */
async function settleRuns(scratch: Scratch): Promise<void> {
  await scratch.sql("delete from outbox where parent is not null");
  await scratch.sql("update job_runs set status = 'done', finished_at = now() where finished_at is null");
}

function figuresOf(name: string, times: number[]): Figure[] {
  const sorted = times.sort((a, b) => a - b);
  return [
    { figure: `${name}, p50`, unit: "ms", value: quantile(sorted, 0.5) },
    { figure: `${name}, worst of ${TIMES}`, unit: "ms", value: sorted.at(-1) ?? Number.NaN },
  ];
}

async function printPlan({ say }: Pick<BenchContext, "say">, { db }: Scratch): Promise<void> {
  const { rows } = await db.drizzle.execute<{ "QUERY PLAN": string }>(
    sql`explain (analyze, buffers, costs off, summary off) ${busySql(timetable)}`,
  );
  say(
    ["plan of the question which schedules are busy:", ...rows.map((row) => `  ${row["QUERY PLAN"]}`)].join(
      "\n",
    ),
  );
}
