import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/** Work that was enqueued and is not settled. The transaction that does the work deletes the row. */
export const outbox = pgTable(
  "outbox",
  {
    id: id(),
    queue: text().notNull(),
    job: text().notNull(),
    key: text().notNull(),
    payload: jsonb().notNull(),
    /** How often it was enqueued. Enqueueing it during its outside call makes it due again. */
    asks: integer().notNull().default(1),
    attempts: smallint().notNull().default(0),
    /** Code and constraint of the last failure, never a message with values. */
    error: text(),
    /** When it is due. Infinity: a range that is parked until others of its run are settled. */
    runAt: instant().notNull().defaultNow(),
    enqueuedAt: instant(),
    /** The BullMQ job that carries this entry. */
    carrier: text(),
    /** The run that this entry belongs to. */
    parent: ref().references(() => jobRuns.id, { onDelete: "set null" }),
    /** The slot of a scheduled job. */
    slot: instant(),
    /** The request of an outside call, stored so that a retry sends the same bytes. */
    request: jsonb(),
    /** The attempt that is making the outside call, and until when no other one may. */
    leasedBy: text(),
    leasedUntil: instant(),
    createdAt: instant().notNull().defaultNow(),
    deadAt: instant(),
    /** Since when no version that took it could run it. */
    postponedAt: instant(),
    /** The span that enqueued it, as a W3C `traceparent`. Null unless tracing is on. */
    trace: text(),
    /**
     * The entry that enqueued it, and the name of that entry; of a group that was settled together, the first
     * one. Null for entries of a run, and for what no entry enqueued.
     */
    causedBy: ref(),
    causedByJob: text(),
  },
  (t) => [
    // enqueue: the entry with the same key.
    uniqueIndex("outbox_job_key").on(t.job, t.key),
    // relay: the due entries of one queue, oldest first.
    index("outbox_due").on(t.queue, t.runAt, t.id).where(sql`enqueued_at is null and dead_at is null`),
    // sweep: entries with a carrier.
    index("outbox_carried").on(t.enqueuedAt).where(sql`enqueued_at is not null`),
    // a failed carrier, a wiped queue: the entries of a carrier.
    index("outbox_carrier").on(t.carrier).where(sql`carrier is not null`),
    // dead letters, newest first.
    index("outbox_dead").on(t.deadAt).where(sql`dead_at is not null`),
    // sweep and metrics: entries of other versions.
    index("outbox_postponed").on(t.postponedAt).where(sql`postponed_at is not null`),
    // relay: entries that are held for a version that has their job.
    index("outbox_held").on(t.job, t.id).where(sql`run_at = 'infinity' and postponed_at is not null`),
    // metrics: entries that keep failing.
    index("outbox_failing").on(t.queue).where(sql`attempts >= 5 and dead_at is null`),
    // parked ranges: the next one of a run.
    index("outbox_parked").on(t.parent, t.id).where(sql`run_at = 'infinity' and postponed_at is null`),
    // dashboard: the entries of one trace.
    index("outbox_trace").on(sql`substr(${t.trace}, 4, 32)`).where(sql`trace is not null`),
    // job_runs: the entries of one run.
    index("outbox_parent").on(t.parent).where(sql`parent is not null`),
  ],
);

/** Scheduled and manual runs, and work that ended as a dead letter. */
export const jobRuns = pgTable(
  "job_runs",
  {
    id: id(),
    job: text().notNull(),
    trigger: text({ enum: ["schedule", "manual", "event"] }).notNull(),
    schedule: text(),
    slot: instant(),
    input: jsonb().notNull(),
    status: text({ enum: ["queued", "running", "done", "skipped", "failed", "cancelled"] })
      .notNull()
      .default("queued"),
    createdAt: instant().notNull().defaultNow(),
    startedAt: instant(),
    finishedAt: instant(),
    /** Ranges of a ranged job: all, and those not done. */
    total: integer(),
    pending: integer(),
    counts: jsonb().notNull().default({}),
    error: text(),
    /** The run of a workflow of which it is a step. */
    partOf: ref().references((): AnyPgColumn => jobRuns.id, { onDelete: "set null" }),
    /** The span of its first carrier, as a W3C `traceparent`. Null unless tracing was on. */
    trace: text(),
  },
  (t) => [
    // due slots: a slot is opened once.
    uniqueIndex("job_runs_slot").on(t.schedule, t.slot).where(sql`schedule is not null`),
    // due slots: a schedule never overlaps itself.
    index("job_runs_unfinished").on(t.schedule).where(sql`finished_at is null`),
    // CLI and dashboard: the latest runs of a job.
    index("job_runs_job").on(t.job, t.id),
    // dashboard: the latest runs with a status.
    index("job_runs_status").on(t.status, t.id),
    // the steps of a workflow; deleting one.
    index("job_runs_part_of").on(t.partOf).where(sql`part_of is not null`),
  ],
);

/**
 * How the entries of a queue ended, by minute. Every process with workers adds its counts; rows older than
 * eight days are deleted at the next insert.
 */
export const queueMinutes = pgTable(
  "queue_minutes",
  {
    minute: instant().notNull(),
    queue: text().notNull(),
    /** Done or skipped. */
    settled: integer().notNull(),
    /** Failed, and tried again later. */
    retried: integer().notNull(),
    /** Dead letters. */
    died: integer().notNull(),
    carriers: integer().notNull(),
    /** From adding a carrier to Redis to its start: the sum. */
    waitedMs: bigint({ mode: "number" }).notNull(),
    /** The longest wait of a carrier in Redis, or of a due entry in Postgres. */
    longestWaitMs: integer().notNull(),
    /** The sum of the times that carriers ran. */
    ranMs: bigint({ mode: "number" }).notNull(),
  },
  // dashboard: the latest minutes; deleting the old ones.
  (t) => [primaryKey({ columns: [t.minute, t.queue] })],
);

/**
 * The activity of the carriers of a job, in steps of ten minutes. Written and deleted as `queue_minutes` is.
 */
export const jobActivity = pgTable(
  "job_activity",
  {
    since: instant().notNull(),
    job: text().notNull(),
    carriers: integer().notNull(),
    /** Entries that are done or skipped. */
    settled: integer().notNull(),
    /** Attempts that failed. */
    failed: integer().notNull(),
    /** The sum of the times that carriers ran, and the longest. */
    ranMs: bigint({ mode: "number" }).notNull(),
    longestMs: integer().notNull(),
  },
  // dashboard: the latest steps; deleting the old ones.
  (t) => [primaryKey({ columns: [t.since, t.job] })],
);

/**
 * How much the counters of the alert rules grew, by minute, and how often a process found that the condition
 * of a rule about itself holds. Every process adds its counts; rows older than two hours are deleted at the
 * next insert.
 */
export const alertCounts = pgTable(
  "alert_counts",
  {
    minute: instant().notNull(),
    rule: text().notNull(),
    /**
     * The value of the label by which the rule adds up series; empty for a rule that adds up all. Of a rule
     * about single processes, the name of the process.
     */
    label: text().notNull(),
    /** What the rule counts. */
    counted: bigint({ mode: "number" }).notNull(),
    /**
     * Of a histogram, all observations; of a rule about the process, the sum of the values in thousandths;
     * else the same.
     */
    total: bigint({ mode: "number" }).notNull(),
  },
  // alerts: the latest minutes; deleting the old ones.
  (t) => [primaryKey({ columns: [t.minute, t.rule, t.label] })],
);

/** Jobs that an operator has paused for a time: their work is due again when it ends. */
export const jobPauses = pgTable("job_pauses", {
  job: text().primaryKey(),
  until: instant().notNull(),
});

/**
 * The processes of the service that run, or have run lately. Rows of those that were not seen for an hour are
 * deleted by the others.
 */
export const processes = pgTable("processes", {
  id: text().primaryKey(),
  machine: text().notNull(),
  pid: integer().notNull(),
  version: text().notNull(),
  roles: text().array().notNull(),
  queues: text().array().notNull(),
  startedAt: instant().notNull(),
  seenAt: instant().notNull(),
});

/** The last slot that was opened, for each schedule. */
export const schedules = pgTable("schedules", {
  name: text().primaryKey(),
  through: instant().notNull(),
  /** Since when it is paused by an operator. */
  pausedAt: instant(),
});

/** Actions of operators, and findings of the service. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: id(),
    at: instant().notNull().defaultNow(),
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    details: jsonb().notNull().default({}),
  },
  (t) => [
    // the history of a subject.
    index("audit_log_subject").on(t.subject, t.id),
    // dashboard: what an operator did; the actions of one kind.
    index("audit_log_actor").on(t.actor, t.id),
    index("audit_log_action").on(t.action, t.id),
    // prune-history: what is not about money.
    index("audit_log_prunable")
      .on(t.id)
      .where(sql`split_part(action, '.', 1) not in ('sale', 'commission', 'referral', 'ledger')`),
    index("audit_log_failed_logins").on(t.id).where(sql`action = 'admin.login-failed'`),
  ],
);
