import { type SQL, sql } from "drizzle-orm";
import pg from "pg";
import { systemClock } from "../../src/clock.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createLog } from "../../src/log.ts";
import { countEntries, countFailing } from "../../src/queues/outbox-counts.ts";
import { done } from "../../src/queues/outcome.ts";
import { dueScanSql, readQueueStates, type ScanStarts } from "../../src/queues/relay-round.ts";
import { finishRun, openRun } from "../../src/queues/runs.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { busySql } from "../../src/schedules/due-slots.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import { catalogue } from "../../src/workers/index.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { benchConfig, loadBacklog, openScratch, type Scratch } from "./database.ts";
import { openSlotClock, type SlotClock } from "./slot-times.ts";

const WAITING = 5_000_000;
const DEAD_ROWS = 1_000_000;
const SCANS = 40;

/** What the relay and the scheduler pay for a large backlog, and for dead rows that a held snapshot keeps. */
export const backlog: Bench = {
  name: "backlog",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `with ${WAITING * scale} entries waiting, and then with ${DEAD_ROWS * scale} dead rows of a run under a held snapshot as well: a scan of the relay, opening the due slots ` +
    `of all ${timetable.length} schedules at once, ending a scheduled run whose next slot is due, and counting the entries for the metrics.`,
  async run(context) {
    context.say("loading");
    const scratch = await openScratch(context.databaseUrl);
    await loadBacklog(scratch, Math.round(WAITING * context.scale));
    await context.loaded();
    await measure({ ...context, runs: context.runs ?? 1 }, () => measureBoth(context, scratch));
    await scratch.drop();
  },
};

type Scene = {
  readonly context: BenchContext;
  readonly runtime: Runtime;
  readonly scratch: Scratch;
  readonly slots: SlotClock;
};

async function measureBoth(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const config = benchConfig(scratch.url, context.redisUrl);
  const log = createLog(config.log);
  const runtime = openRuntime({ config, clock: systemClock, log, catalogue, timetable: [] });
  await runtime.producers.queue("recommendations").waitUntilReady();
  const slots = openSlotClock(runtime, scratch);
  const scene = { context, runtime, scratch, slots };
  await slots.start();
  const waiting = await measureOperations(scene, "entries waiting");
  const snapshot = await holdSnapshot(scratch.url);
  await leaveDeadRows(scratch, Math.round(DEAD_ROWS * context.scale));
  const held = await measureOperations(scene, "dead rows under a held snapshot");
  await snapshot.end();
  await runtime.close();
  return [...waiting, ...held];
}

async function measureOperations(scene: Scene, situation: string): Promise<readonly Figure[]> {
  const { context, runtime, scratch, slots } = scene;
  const full = await scanTimes(runtime, new Map(), 1);
  const { from } = await readQueueStates(runtime);
  const scans = await scanTimes(runtime, from);
  const { opening, ending } = await slots.measure();
  const counting = await countTimes(runtime, from);
  const operations: readonly [string, readonly number[]][] = [
    ["a scan of the relay", scans],
    ["opening all due slots", opening],
    ["ending a scheduled run", ending],
    ["counting for a scrape of the metrics", counting],
    ["a full scan, every 30 s at most", full],
  ];
  for (const [operation, times] of operations)
    context.say(`${operation}, ${situation}, ms: ${times.map((ms) => ms.toFixed(1)).join(" ")}`);
  await printPlans(context, scratch, situation, from);
  return operations.flatMap(([operation, times]) => figuresOf(`${operation}, ${situation}`, times));
}

function figuresOf(name: string, times: readonly number[]): Figure[] {
  const sorted = [...times].sort((a, b) => a - b);
  const worst = sorted.at(-1) ?? Number.NaN;
  if (sorted.length === 1) return [{ figure: name, unit: "ms", value: worst }];
  return [
    { figure: `${name}, p50`, unit: "ms", value: quantile(sorted, 0.5) },
    { figure: `${name}, worst of ${sorted.length}`, unit: "ms", value: worst },
  ];
}

/** As the relay does it: each scan starts where the one before it ended. */
async function scanTimes(runtime: Runtime, from: ScanStarts, scans = SCANS): Promise<number[]> {
  const times: number[] = [];
  let starts = from;
  for (let scan = 0; scan < scans; scan++) {
    const startedAt = performance.now();
    starts = (await readQueueStates(runtime, starts)).from;
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** As a scrape of the metrics does it. */
async function countTimes({ db }: Runtime, from: ScanStarts): Promise<number[]> {
  const times: number[] = [];
  for (let scrape = 0; scrape < SCANS; scrape++) {
    const startedAt = performance.now();
    await Promise.all([countEntries(db.drizzle, { from }), countFailing(db.drizzle)]);
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function holdSnapshot(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin isolation level repeatable read");
  await client.query("select 1 from pg_class limit 1");
  return client;
}

/**
 * A run that was started by hand after the latest runs of all schedules, and whose ranges are settled. They
 * were in a queue in which nothing else is due, so a scan from the oldest entry reads past all of them.
 */
async function leaveDeadRows(scratch: Scratch, ranges: number): Promise<void> {
  const id = await inTransaction(scratch.db, (tx) => openRun(tx, calculateMatches, "manual", {}));
  await scratch.sql(
    `insert into outbox (queue, job, key, payload, run_at, parent)
     select 'commissions', 'calculate-matches/range', 'settled-' || g, '{}', now() - interval '1 hour', $2
     from generate_series(1, $1::int) g`,
    [ranges, id],
  );
  await scratch.sql("delete from outbox where parent = $1", [id]);
  await inTransaction(scratch.db, (tx) => finishRun(tx, id, done({ projects: 1 })));
}

async function printPlans(
  { say }: BenchContext,
  { db }: Scratch,
  situation: string,
  from: ScanStarts,
): Promise<void> {
  const statements: readonly [string, SQL][] = [
    ["a scan of the relay", dueScanSql(from)],
    ["opening all due slots, which schedules are busy", busySql(timetable)],
    [
      "ending a scheduled run, whether its schedule is busy",
      busySql(timetable.filter(({ name }) => name === sweepDueBudgets.name)),
    ],
  ];
  for (const [operation, statement] of statements) {
    const { rows } = await db.drizzle.execute<{ "QUERY PLAN": string }>(
      sql`explain (analyze, buffers, costs off, summary off) ${statement}`,
    );
    say([`plan of ${operation}, ${situation}:`, ...rows.map((row) => `  ${row["QUERY PLAN"]}`)].join("\n"));
  }
}
