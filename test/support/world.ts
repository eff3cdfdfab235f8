import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import pg, { type QueryResult } from "pg";
import { inject, onTestFinished } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { isStatementCancelled } from "../../src/db/faults.ts";
import { array, rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createLog } from "../../src/log.ts";
import type { Email } from "../../src/ports/mailers/mailer.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { RunCarrierDeps } from "../../src/queues/attempt.ts";
import { FRESH } from "../../src/queues/carriers.ts";
import { type Catalogue, catalogueOf } from "../../src/queues/catalogue.ts";
import { dryRun, type Preview } from "../../src/queues/dry-run.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import type { Job } from "../../src/queues/job.ts";
import type { LockPolicy } from "../../src/queues/queues.ts";
import { runCarrier } from "../../src/queues/run-carrier.ts";
import type { Tally } from "../../src/queues/tally.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { startWorkers, type WorkerOptions, type Workers } from "../../src/roles/worker.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { openGuardedThreads } from "../../src/threads/guarded-threads.ts";
import { openThreads } from "../../src/threads/threads.ts";
import type { Tracing } from "../../src/tracing/tracing.ts";
import { catalogue as everyJob } from "../../src/workers/index.ts";
import { dumpHost } from "./host-decoys.ts";
import { recordingMailer } from "./mailbox.ts";
import { cloneTemplate, dropDatabase, hostIn } from "./world-database.ts";
import { leftovers, removeRedisKeys } from "./world-leftovers.ts";

export type WorldOptions = {
  /** Jobs of the test, added to those of the catalogue unless they are there. */
  readonly jobs?: readonly Job[];
  readonly timetable?: readonly Schedule[];
  readonly environment?: Record<string, string>;
  readonly ports?: Partial<Ports>;
  /** The fixed time of its clock, in ISO 8601; default: the real time at the start of the test. */
  readonly at?: string;
  readonly redisUrl?: string;
  /** The address that the service connects to, made from the real one: for a proxy in between. */
  readonly databaseUrl?: (real: string) => string;
  readonly poolMax?: number;
  /** Default: off. */
  readonly tracing?: Tracing;
  /** A migrated database of the test's own, instead of a clone of the template. */
  readonly database?: DatabaseAddress;
  /**
   * Puts a host platform into the schema `public` of the database; TEST_HOST_DECOYS=1 does so for every
   * world.
   */
  readonly besideHost?: true;
};

export type OutboxRow = {
  id: string;
  job: string;
  key: string;
  payload: unknown;
  attempts: number;
  asks: number;
  dead: boolean;
  error: string | null;
};

/** The variables that lead another process to the servers of a world. */
export const serversOf = ({ config }: Pick<World, "config">): Record<string, string> => {
  const list = (addresses: readonly { host: string; port: number }[]) =>
    addresses.map(({ host, port }) => `${host}:${port}`).join(",");
  return {
    DATABASE_URL: config.databaseUrl,
    DB_SCHEMA: config.databaseSchema,
    REDIS_URL: config.redisUrl,
    REDIS_SENTINELS: list(config.redisSentinels),
    REDIS_CLUSTER_NODES: list(config.redisClusterNodes),
    REDIS_PREFIX: config.redisPrefix,
  };
};

/**
 * A runtime for one test: a database cloned from the template, a Redis prefix of its own, and a fixed clock.
 */
export type World = Runtime & {
  /** Every e-mail that was sent, unless the test has its own mailer. */
  readonly mailbox: Email[];
  /** Sets the clock. */
  at(instant: string): void;
  /** Enqueues payloads and runs them in this process, without Redis, as one carrier. */
  perform<P>(job: Job<P>, ...payloads: P[]): Promise<Tally>;
  /** Runs entries by id, as one carrier. */
  run(job: { name: string }, entryIds: readonly string[], hooks?: Partial<RunCarrierDeps>): Promise<Tally>;
  /** Previews a job. */
  dryRun<P>(job: Job<P>, payload: P, slot?: Date): Promise<Preview>;
  /** The entries in the outbox. */
  enqueued(job?: { name: string }): Promise<OutboxRow[]>;
  /** Runs all due entries, and those they enqueue, until none is left. */
  drain(): Promise<Tally[]>;
  /** Makes all waiting entries due now. */
  skipBackOff(): Promise<void>;
  startWorkers(options?: Partial<WorkerOptions>): Promise<Workers>;
  query<Row extends Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Registers something to be closed before the runtime is. */
  closing(close: () => Promise<unknown>): void;
};

/** The secret of the sale webhook in every test world. */
export const SALE_SECRET = "the secret of the sale webhook";

export const FAST_LOCKS: LockPolicy = {
  lockDurationMs: 1_000,
  stalledIntervalMs: 400,
  maxStalledCount: 3,
  maxStartedAttempts: 5,
};

const DRAIN_LIMIT = 10_000;

/** For hangs, not for speed. */
const CONNECT_LIMIT_MS = 60_000;

/** How often a drain repeats attempts that ran out of time or were given back. */
const REPEAT_LIMIT = 10;

/**
 * One pool for all tests of a file, since a thread takes a second to start. It runs at normal priority: at
 * idle priority, beside other test files, jobs would reach their time limits.
 */
const threads = openThreads({ size: 2, idlePriority: false });
const guarded = openGuardedThreads();

/**
 * Creates a world for the running test. Afterwards it is checked (no open transaction, the ledger sums to
 * zero) and closed.
 */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const name = `cw_test_${process.pid}_${randomBytes(5).toString("hex")}`;
  const database = options.database ?? (await cloneTemplate(name));
  const host = options.database ? null : await hostIn(database, options);
  const config = configFor(database, name, options);
  const clock = fixedClock(options.at);
  const mailbox: Email[] = [];
  const catalogue = options.jobs ? catalogueOf([...new Set([...everyJob.jobs, ...options.jobs])]) : everyJob;
  const runtime = openRuntime({
    config,
    clock,
    log: createLog({ level: process.env["TEST_LOG"] ?? "silent", format: "json" }),
    catalogue,
    threads,
    guarded,
    timetable: options.timetable ?? [],
    ...(options.tracing ? { tracing: options.tracing } : {}),
    ports: { mailer: recordingMailer(mailbox), ...options.ports },
  });
  // The service gives up after seconds, so that work goes on where a server hangs. Only tests of such servers
  // shall do so: a busy machine takes as long.
  if (!options.databaseUrl && !options.database)
    runtime.db.pool.options.connectionTimeoutMillis = CONNECT_LIMIT_MS;
  const closers: (() => Promise<unknown>)[] = [];
  onTestFinished(async ({ task }) => {
    for (const close of closers.reverse()) await close();
    // A round of the relay under way must not be taken for a leaked transaction.
    await runtime.relay.stop();
    await runtime.mirroring.stop();
    const faults = await leftovers(runtime);
    if (host !== null && (await dumpHost(database.databaseUrl)) !== host)
      faults.push("the host's schemas were changed");
    await removeRedisKeys(runtime);
    await runtime.close();
    // The database of a failed test is kept for inspection.
    if (task.result?.state === "fail") process.stderr.write(`\nkept database ${database.databaseUrl}\n`);
    else if (!options.database) await dropDatabase(name);
    if (faults.length > 0) throw new Error(`the test left a mess: ${faults.join("; ")}`);
  });
  return { ...worldOf(runtime, clock, closers, catalogue), mailbox };
}

function configFor(database: DatabaseAddress, name: string, options: WorldOptions): Config {
  return readConfig({
    DATABASE_URL: options.databaseUrl?.(database.databaseUrl) ?? database.databaseUrl,
    DB_SCHEMA: database.databaseSchema,
    REDIS_URL: options.redisUrl ?? inject("redisUrl"),
    REDIS_PREFIX: name.replaceAll("_", "-"),
    HOST: "127.0.0.1",
    PORT: "0",
    DB_POOL_MAX: String(options.poolMax ?? 12),
    SCICENT_WEBHOOK_SECRET: SALE_SECRET,
    ...options.environment,
  });
}

function fixedClock(at: string | undefined): Clock & { set(instant: string): void } {
  let now = at === undefined ? new Date() : new Date(at);
  return {
    now: () => new Date(now),
    set(instant) {
      now = new Date(instant);
    },
  };
}

function worldOf(
  runtime: Runtime,
  clock: ReturnType<typeof fixedClock>,
  closers: (() => Promise<unknown>)[],
  catalogue: Catalogue,
): Omit<World, "mailbox"> {
  const run: World["run"] = async (job, entries, hooks) => {
    const carrier = { ...FRESH, id: "by-hand", job: job.name, entries };
    // As the relay does: a carrier stands in the rows of its entries.
    await queryInTime(
      runtime,
      "update outbox set carrier = $1, enqueued_at = now() where id = any($2) and dead_at is null",
      [carrier.id, entries],
    );
    return runCarrier(executionOf(runtime, hooks), carrier, new AbortController().signal);
  };
  const world: Omit<World, "mailbox"> = {
    ...runtime,
    at: (instant) => clock.set(instant),
    run,
    dryRun: (job, payload, slot) => dryRun(runtime, job as Job, payload, slot),
    async perform(job, ...payloads) {
      const ids = await inTransaction(runtime.db, async (tx) => {
        const entries: string[] = [];
        for (const payload of payloads) entries.push(await enqueue(tx, job, payload));
        return entries;
      });
      return run(job, ids);
    },
    enqueued: (job) =>
      rows<OutboxRow>(
        runtime.db.drizzle,
        sql`select id, job, key, payload, attempts, asks, dead_at is not null as dead, error from outbox
            where ${job?.name ?? null}::text is null or job = ${job?.name ?? null} order by id`,
      ),
    drain: () => drain(runtime, run, catalogue),
    async skipBackOff() {
      await runtime.db.drizzle.execute(sql`update outbox set run_at = now() where dead_at is null`);
    },
    async startWorkers(options = {}) {
      runtime.relay.start();
      const workers = startWorkers(runtime, { queues: QUEUE_NAMES, locks: FAST_LOCKS, ...options });
      closers.push(() => workers.stop(1_000));
      await workers.ready();
      return workers;
    },
    async query<Row extends Record<string, unknown>>(statement: string, values: unknown[] = []) {
      return (await queryInTime(runtime, statement, values)).rows as Row[];
    },
    closing: (close) => void closers.push(close),
  };
  return world;
}

async function drain(runtime: Runtime, run: World["run"], catalogue: Catalogue): Promise<Tally[]> {
  const tallies: Tally[] = [];
  let repeats = 0;
  for (let i = 0; i < DRAIN_LIMIT; i++) {
    const due = await rows<{ id: string; job: string }>(
      runtime.db.drizzle,
      sql`select id, job from outbox where dead_at is null and run_at <= now() order by id limit 200`,
    );
    const first = due[0];
    if (!first) return tallies;
    const batched = catalogue.find(first.job)?.job.form === "batch";
    const group = batched ? due.filter((entry) => entry.job === first.job) : [first];
    const ids = group.map((entry) => entry.id);
    const tally = await run({ name: first.job }, ids);
    tallies.push(tally);
    if (ranOutOfTime(tally) && ++repeats <= REPEAT_LIMIT) await makeDue(runtime, ids);
  }
  throw new Error(`entries were still due after ${DRAIN_LIMIT} carriers`);
}

/** The limits of the service are not for what a test prepares, which may take longer on a busy machine. */
async function queryInTime(
  { db, config }: Runtime,
  statement: string,
  values: unknown[],
): Promise<QueryResult> {
  try {
    return await db.pool.query(statement, values);
  } catch (error) {
    if (!isStatementCancelled(error)) throw error;
  }
  const { databaseUrl: connectionString, databaseSchema } = config;
  const client = new pg.Client({ connectionString, options: `-c search_path=${databaseSchema},pg_temp` });
  await client.connect();
  try {
    return await client.query(statement, values);
  } finally {
    await client.end();
  }
}

/** On a busy machine an attempt may reach the limit of a transaction: it is repeated, as a worker would. */
const ranOutOfTime = ({ interrupted, reasons }: Tally): boolean =>
  interrupted > 0 || Object.keys(reasons).some((reason) => /^(57014$|TimeLimitExceeded)/.test(reason));

const makeDue = ({ db }: Runtime, ids: readonly string[]) =>
  db.drizzle.execute(
    sql`update outbox set run_at = now() where id = any(${array(ids)}::bigint[]) and dead_at is null and carrier is null`,
  );
