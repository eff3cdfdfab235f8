import { sql } from "drizzle-orm";
import pg from "pg";
import { systemClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { countEntries, countFailing } from "../../src/queues/outbox-counts.ts";
import {
  dueScanSql,
  type QueueStates,
  readQueueStates,
  type ScanStarts,
} from "../../src/queues/relay-round.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { catalogue } from "../../src/workers/index.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { benchConfig, loadBacklog, openScratch, type Scratch } from "./database.ts";

const WAITING = 5_000_000;
const DEAD_ROWS = 1_000_000;
const SCANS = 40;

/**
 * What the relay's scan for due entries costs with a large backlog, and with dead rows that a held snapshot
 * keeps; and what a scrape of the metrics costs.
 */
export const backlog: Bench = {
  name: "backlog",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `one scan of the relay with ${WAITING * scale} entries waiting, and with ${DEAD_ROWS * scale} dead rows under a held snapshot; counting the entries for the metrics.`,
  async run(context) {
    context.say("loading");
    const scratch = await openScratch(context.databaseUrl);
    await loadBacklog(scratch, Math.round(WAITING * context.scale));
    await context.loaded();
    await measure({ ...context, runs: context.runs ?? 3 }, () => measureScans(context, scratch));
    await scratch.drop();
  },
};

async function measureScans(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const config = benchConfig(scratch.url, context.redisUrl);
  const log = createLog(config.log);
  const runtime = openRuntime({ config, clock: systemClock, log, catalogue, timetable: [] });
  await runtime.producers.queue("recommendations").waitUntilReady();
  const waiting = await scanTimes(runtime);
  await printPlan(context, scratch, "with a backlog", new Map());
  const counting = await countTimes(runtime);
  const snapshot = await holdSnapshot(scratch.url);
  await leaveDeadRows(scratch, Math.round(DEAD_ROWS * context.scale));
  const [first] = await scanTimes(runtime, new Map(), 1);
  const { from } = await readQueueStates(runtime);
  const held = await scanTimes(runtime, from);
  const countingHeld = await countTimes(runtime, from);
  await printPlan(context, scratch, "with dead rows", from);
  await snapshot.end();
  await runtime.close();
  return [
    ...figuresOf("a scan, entries waiting", waiting),
    ...figuresOf("counting for a scrape of the metrics", counting),
    ...figuresOf("a scan, dead rows under a held snapshot", held),
    ...figuresOf("counting for a scrape, dead rows under a held snapshot", countingHeld),
    {
      figure: "a full scan, dead rows, every 30 s at most",
      unit: "ms",
      value: first ?? Number.NaN,
    },
  ];
}

const figuresOf = (name: string, sorted: readonly number[]): Figure[] => [
  { figure: `${name}, p50`, unit: "ms", value: quantile(sorted, 0.5) },
  { figure: `${name}, worst of ${SCANS}`, unit: "ms", value: sorted.at(-1) ?? Number.NaN },
];

/** As the relay does it: each scan starts where the one before it ended. */
async function scanTimes(runtime: Runtime, from: ScanStarts = new Map(), scans = SCANS): Promise<number[]> {
  const times: number[] = [];
  let seen: Pick<QueueStates, "from"> = { from };
  for (let scan = 0; scan < scans; scan++) {
    const startedAt = performance.now();
    seen = await readQueueStates(runtime, seen.from);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b);
}

/** As a scrape of the metrics does it. */
async function countTimes({ db }: Runtime, from: ScanStarts = new Map()): Promise<number[]> {
  const times: number[] = [];
  for (let scrape = 0; scrape < SCANS; scrape++) {
    const startedAt = performance.now();
    await Promise.all([countEntries(db.drizzle, { from }), countFailing(db.drizzle)]);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b);
}

async function holdSnapshot(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin isolation level repeatable read");
  await client.query("select 1 from pg_class limit 1");
  return client;
}

/** Entries that were taken, as the relay leaves them. */
async function leaveDeadRows(scratch: Scratch, entries: number): Promise<void> {
  await scratch.sql(
    `insert into outbox (queue, job, key, payload, run_at)
     select 'commissions', 'distribute-commission', 'taken-' || txid_current() || '-' || g, '{}', now() - interval '1 hour'
     from generate_series(1, $1::int) g`,
    [entries],
  );
  await scratch.sql(
    "update outbox set enqueued_at = now(), carrier = 'taken' where queue = 'commissions' and enqueued_at is null",
  );
}

async function printPlan(
  { say }: BenchContext,
  { db }: Scratch,
  title: string,
  from: ScanStarts,
): Promise<void> {
  const { rows } = await db.drizzle.execute<{ "QUERY PLAN": string }>(
    sql`explain (analyze, buffers, costs off, summary off) ${dueScanSql(from)}`,
  );
  say([`plan of a scan ${title}:`, ...rows.map((row) => `  ${row["QUERY PLAN"]}`)].join("\n"));
}
