import { sql } from "drizzle-orm";
import type { QueueName } from "../config/queues.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Carrier } from "../queues/carriers.ts";
import { storeTrace } from "../queues/runs.ts";
import type { Tally } from "../queues/tally.ts";
import { recordedFirst } from "../tracing/trace-context.ts";
import type { Span, SpanAttributes, TraceContext } from "../tracing/tracing.ts";
import { OUTCOMES } from "./carrier-report.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Runs a carrier in a span. The traces of its entries are read from Postgres: Redis may have been wiped since
 * they were enqueued, and a carrier holds entries of several traces. It runs in the trace of one of them and
 * is linked with the others in both directions. Without any it begins a trace.
 */
export async function traceCarrier(
  runtime: Pick<Runtime, "tracing" | "db">,
  queue: QueueName,
  carrier: Carrier,
  run: () => Promise<Tally>,
): Promise<Tally> {
  const { tracing, db } = runtime;
  // If Postgres is away, the carrier fails too, and reports it.
  const entries = await readTraces(db.drizzle, carrier.entries).catch(() => []);
  const waits = recordedFirst(entries, ({ trace }) => trace).map((entry) =>
    startWait(runtime, carrier, entry),
  );
  const [first, ...others] = waits;
  const span = {
    name: `carrier ${carrier.job}`,
    kind: "consumer",
    parent: first?.context ?? null,
    links: others.map(({ context }) => context),
    attributes: attributesOf(queue, carrier),
  } as const;
  return tracing.inSpan(span, async (opened) => {
    for (const other of others) other.link(opened.context);
    for (const wait of waits) wait.end();
    // For display only.
    if (carrier.run !== null)
      await storeTrace(db.drizzle, carrier.run, opened.context).catch(() => undefined);
    const tally = await run();
    opened.set(outcomesOf(tally));
    return tally;
  });
}

type TracedEntry = { id: string; trace: TraceContext; dueAt: string; attempts: number };

/** The entries that were enqueued in a trace. */
const readTraces = (on: Queryable, ids: readonly string[]): Promise<TracedEntry[]> =>
  rows<TracedEntry>(
    on,
    sql`select id, trace, greatest(created_at, nullif(run_at, 'infinity')) as "dueAt", attempts from outbox
        where id = any(${array(ids)}::bigint[]) and trace is not null order by id`,
  );

/**
 * The span of an entry, in the trace in which it was enqueued: from when it was due until a worker took it.
 */
function startWait(
  { tracing }: Pick<Runtime, "tracing">,
  { job }: Carrier,
  { id, trace, dueAt, attempts }: TracedEntry,
): Span {
  // By the clock of Postgres, which may be ahead.
  const startedAt = new Date(Math.min(Date.parse(dueAt), Date.now()));
  const attributes = { "commonwork.entry": id, "commonwork.attempt": attempts + 1 };
  return tracing.start({ name: `entry ${job}`, kind: "producer", parent: trace, startedAt, attributes });
}

const attributesOf = (queue: QueueName, { id, job, entries, run, addedAtMs }: Carrier): SpanAttributes => ({
  "messaging.system": "bullmq",
  "messaging.destination.name": queue,
  "commonwork.job": job,
  "commonwork.carrier": id,
  "commonwork.entries": entries.length,
  ...(entries.length === 1 ? { "commonwork.entry": entries[0] as string } : {}),
  ...(run === null ? {} : { "commonwork.run": run }),
  ...(addedAtMs === undefined ? {} : { "commonwork.waited_ms": Math.max(Date.now() - addedAtMs, 0) }),
});

/** The number of entries by outcome. */
const outcomesOf = (tally: Tally): SpanAttributes =>
  Object.fromEntries(
    OUTCOMES.filter((outcome) => tally[outcome] > 0).map((outcome) => [
      `commonwork.${outcome}`,
      tally[outcome],
    ]),
  );
