import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, smallint, text, uniqueIndex } from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/** What was promised: one row per piece of work that is not settled yet. The row is deleted by the transaction that does the work. */
export const outbox = pgTable(
  "outbox",
  {
    id: id(),
    queue: text().notNull(),
    job: text().notNull(),
    key: text().notNull(),
    payload: jsonb().notNull(),
    /** How often it was asked for: an ask during an outside call makes it due again. */
    asks: integer().notNull().default(1),
    attempts: smallint().notNull().default(0),
    /** Code and constraint of the last failure; never a message with values. */
    error: text(),
    runAt: instant().notNull().defaultNow(),
    enqueuedAt: instant(),
    /** The BullMQ job that carries this entry now. */
    carrier: text(),
    /** The row of job_runs that this entry belongs to. */
    parent: ref().references(() => jobRuns.id, { onDelete: "set null" }),
    /** The instant that a scheduled job stands for. */
    slot: instant(),
    /** The bytes of an outside call, kept so that a retry sends the same. */
    request: jsonb(),
    createdAt: instant().notNull().defaultNow(),
    deadAt: instant(),
  },
  (t) => [
    // enqueue: asking again finds the entry that waits.
    uniqueIndex("outbox_job_key").on(t.job, t.key),
    // relay: the due entries of one queue, oldest first.
    index("outbox_due").on(t.queue, t.runAt, t.id).where(sql`enqueued_at is null and dead_at is null`),
    // sweep: entries that a carrier holds.
    index("outbox_carried").on(t.enqueuedAt).where(sql`enqueued_at is not null`),
    // failure of a carrier and the marker of a queue: the entries of one carrier.
    index("outbox_carrier").on(t.carrier).where(sql`carrier is not null`),
    // dead letters, newest first.
    index("outbox_dead").on(t.deadAt).where(sql`dead_at is not null`),
    // job_runs: the entries of one run.
    index("outbox_parent").on(t.parent).where(sql`parent is not null`),
  ],
);

/** Every scheduled or manual run, and each piece of work that ended as a dead letter. */
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
    /** Ranges of a long job: how many there are, and how many are still to do. */
    total: integer(),
    pending: integer(),
    counts: jsonb().notNull().default({}),
    error: text(),
  },
  (t) => [
    // due slots: a slot is opened once.
    uniqueIndex("job_runs_slot").on(t.schedule, t.slot).where(sql`schedule is not null`),
    // due slots: a schedule never overlaps itself.
    index("job_runs_unfinished").on(t.schedule).where(sql`finished_at is null`),
    // CLI and dashboard: the latest runs of a job.
    index("job_runs_job").on(t.job, t.id),
  ],
);

/** How far each schedule has been opened. */
export const schedules = pgTable("schedules", {
  name: text().primaryKey(),
  through: instant().notNull(),
});

/** What operators did, and what the service refused or noticed on its own. */
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
    // what happened to one thing.
    index("audit_log_subject").on(t.subject, t.id),
  ],
);
