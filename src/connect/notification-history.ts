import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type ReferencedTable, resolveReferences } from "../db/references.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isStorableInstant } from "../foreign-text.ts";
import { groupBy } from "../group-by.ts";
import { referenceField } from "../ids.ts";
import type { FieldFault } from "./record-values.ts";

// Imports the notifications that an earlier system has sent into the tables that prevent sending twice.

const instant = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 instant with an offset" })
  .transform((text) => new Date(text))
  .refine(isStorableInstant, "must not be before 1970")
  .transform((at) => at.toISOString());
/** A JSON number, or a text as in CSV. */
const wholeNumber = (least: number, most: number) =>
  z.coerce
    .number()
    .int()
    .min(least, `must be from ${least} to ${most}`)
    .max(most, `must be from ${least} to ${most}`);

type Kind = {
  /** The fields of a line besides `kind`. */
  readonly fields: z.ZodObject;
  /** The tables that the fields refer to. */
  readonly references: Readonly<Record<string, ReferencedTable>>;
  /**
   * Inserts rows `l` with the fields, our ids and `n`. Returns those that are new or known, with `n` and
   * `is_new`.
   */
  readonly insert: (lines: SQL, batch: string) => SQL;
  /** Why a line was left out if `insert` does not return it. */
  readonly unmatched: FieldFault;
};

const MOST_MINUTES = 10_080;

/** The kinds of lines that can be imported. */
export const HISTORY = {
  /** A candidate was notified of a project. */
  candidate: {
    fields: z.strictObject({
      project_id: referenceField(),
      volunteer_id: referenceField(),
      notified_at: instant,
      // Without it a higher score does not allow an earlier notification.
      match_score: z.coerce.number().min(0).max(1).default(1),
    }),
    references: { project_id: "projects", volunteer_id: "users" },
    insert: (lines, batch) => sql`
      matched as (select l.* from ${lines} l join volunteers v on v.user_id = l.volunteer_id),
      inserted as (
        insert into candidate_notifications as t (project_id, volunteer_id, match_score, batch_id, slot, notified_at)
        select project_id, volunteer_id, match_score, ${batch}::uuid, notified_at, notified_at from matched
        on conflict do nothing returning t.project_id, t.volunteer_id, t.slot)
      select m.n, exists (select 1 from inserted i where (i.project_id, i.volunteer_id, i.slot) = (m.project_id, m.volunteer_id, m.notified_at)) as is_new
      from matched m`,
    unmatched: { field: "volunteer_id", fault: "is no volunteer" },
  },
  /** A participant was reminded of a meeting. */
  meeting_reminder: {
    fields: z.strictObject({
      meeting_id: referenceField(),
      user_id: referenceField(),
      offset_minutes: wholeNumber(1, MOST_MINUTES).default(30),
      sent_at: instant,
      /** The start of the meeting that it was for; default: the current one. */
      start_time: instant.optional(),
    }),
    references: { meeting_id: "meetings", user_id: "users" },
    insert: (lines) => sql`
      matched as (select l.n, l.meeting_id, l.user_id, l.offset_minutes, l.sent_at, coalesce(l.start_time, m.start_time) as start_time
                  from ${lines} l join meetings m on m.id = l.meeting_id),
      inserted as (
        insert into meeting_reminders as t (meeting_id, user_id, start_time, offset_minutes, told, decided_at)
        select meeting_id, user_id, start_time, offset_minutes, true, sent_at from matched
        on conflict do nothing returning t.meeting_id, t.user_id, t.start_time, t.offset_minutes)
      select m.n, exists (select 1 from inserted i where (i.meeting_id, i.user_id, i.start_time, i.offset_minutes)
                            = (m.meeting_id, m.user_id, m.start_time, m.offset_minutes)) as is_new
      from matched m`,
    unmatched: { field: "meeting_id", fault: "is unknown" },
  },
  /** A participant was nudged about unread messages. */
  unread_thread: {
    fields: z.strictObject({
      thread_id: referenceField(),
      user_id: referenceField(),
      step: wholeNumber(1, 2).default(1),
      sent_at: instant,
      /** The oldest message that was unread then; default: the one that is now. */
      message_id: referenceField().optional(),
    }),
    references: { thread_id: "chat_threads", user_id: "users", message_id: "messages" },
    insert: (lines) => sql`
      matched as (
        select l.n, l.thread_id, l.user_id, l.step, l.sent_at, m.id as message_id
        from ${lines} l
        join chat_thread_participants p on p.thread_id = l.thread_id and p.user_id = l.user_id
        cross join lateral (
          select m.id from messages m
          where m.thread_id = l.thread_id and m.sender_id <> l.user_id
            and (m.id = l.message_id or l.message_id is null and m.created_at > coalesce(p.last_read_at, '-infinity'))
          order by m.created_at, m.id limit 1) m),
      inserted as (
        insert into unread_nudges as t (user_id, thread_id, oldest_unread_id, step, nudged_at)
        select user_id, thread_id, message_id, step, sent_at from matched
        on conflict do nothing returning t.user_id, t.thread_id, t.oldest_unread_id, t.step)
      select m.n, exists (select 1 from inserted i where (i.user_id, i.thread_id, i.oldest_unread_id, i.step)
                            = (m.user_id, m.thread_id, m.message_id, m.step)) as is_new
      from matched m`,
    unmatched: { field: "message_id", fault: "the user has no such unread message in the thread" },
  },
  /** An owner was nudged about an incomplete resume. */
  resume: {
    fields: z.strictObject({
      project_id: referenceField(),
      user_id: referenceField(),
      resume: z.enum(["project", "borrower"]).default("project"),
      step: wholeNumber(1, 4),
      sent_at: instant,
    }),
    references: { project_id: "projects", user_id: "users" },
    // Steps count from the last edit before it; a later edit starts over.
    insert: (lines) => sql`
      matched as (
        select l.n, l.project_id, l.user_id, l.resume, l.step, l.sent_at, coalesce(w.edited_at, p.created_at) as anchor_at
        from ${lines} l join projects p on p.id = l.project_id
        left join resumes w on w.project_id = l.project_id and w.kind = l.resume
        where coalesce(w.edited_at, p.created_at) <= l.sent_at),
      inserted as (
        insert into resume_nudges as t (subject_id, kind, user_id, anchor_at, step, nudged_at)
        select project_id, resume, user_id, anchor_at, step, sent_at from matched
        on conflict do nothing returning t.subject_id, t.kind, t.user_id, t.anchor_at, t.step)
      select m.n, exists (select 1 from inserted i where (i.subject_id, i.kind, i.user_id, i.anchor_at, i.step)
                            = (m.project_id, m.resume, m.user_id, m.anchor_at, m.step)) as is_new
      from matched m`,
    unmatched: { field: "sent_at", fault: "is before the last edit of the resume, which starts over" },
  },
} as const satisfies Readonly<Record<string, Kind>>;

type KindName = keyof typeof HISTORY;

/** The outcome of a line. */
export type HistoryOutcome =
  | { readonly status: "stored" | "unchanged" }
  | { readonly status: "rejected"; readonly faults: readonly FieldFault[] };

/** Columns of the rows that `insert` reads. */
const COLUMNS = `n int, project_id bigint, volunteer_id bigint, meeting_id bigint, user_id bigint, thread_id bigint, message_id bigint,
  notified_at timestamptz, sent_at timestamptz, start_time timestamptz, match_score float8, offset_minutes int, step int, resume text`;

type ReadLine = { readonly n: number; readonly kind: KindName; readonly fields: Record<string, unknown> };

/**
 * Stores the notifications that an earlier system has sent, so that nobody is notified twice. Lines that were
 * stored before are left as they are.
 *
 * @param batch a uuid of the import, for the audit of candidates.
 * @returns the outcome of each, in order.
 */
export async function storeHistory(
  tx: Tx,
  lines: readonly unknown[],
  batch: string,
): Promise<HistoryOutcome[]> {
  const read = lines.map(readLine);
  const outcomes = read.map((each): HistoryOutcome | undefined =>
    "faults" in each ? { status: "rejected", faults: each.faults } : undefined,
  );
  const good = read.flatMap((each) => ("faults" in each ? [] : [each]));
  for (const [kind, ofKind] of groupBy(good, (each) => each.kind)) {
    const resolved = await resolveLines(tx, kind, ofKind);
    for (const { n, faults } of resolved) if (faults.length > 0) outcomes[n] = { status: "rejected", faults };
    const known = resolved.flatMap(({ faults, n, row }) => (faults.length === 0 ? [{ ...row, n }] : []));
    const { insert, unmatched } = HISTORY[kind];
    const given = sql`jsonb_to_recordset(${JSON.stringify(known)}::jsonb) as g(${sql.raw(COLUMNS)})`;
    const stored = await rows<{ n: number; is_new: boolean }>(
      tx,
      sql`with lines as materialized (select * from ${given}), ${insert(sql`lines`, batch)}`,
    );
    for (const { n, is_new } of stored) outcomes[n] = { status: is_new ? "stored" : "unchanged" };
    for (const { n } of known) outcomes[n] ??= { status: "rejected", faults: [unmatched] };
  }
  return outcomes.map((outcome) => outcome as HistoryOutcome);
}

const isKind = (kind: unknown): kind is KindName => typeof kind === "string" && Object.hasOwn(HISTORY, kind);

function readLine(line: unknown, n: number): ReadLine | { readonly faults: readonly FieldFault[] } {
  const { kind, ...fields } = (typeof line === "object" && line !== null ? line : {}) as Record<
    string,
    unknown
  >;
  if (!isKind(kind))
    return { faults: [{ field: "kind", fault: `must be one of ${Object.keys(HISTORY).join(", ")}` }] };
  const parsed = HISTORY[kind].fields.safeParse(fields);
  if (parsed.success) return { n, kind, fields: parsed.data };
  return {
    faults: parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), fault: message })),
  };
}

type Resolved = { readonly n: number; readonly row: Record<string, unknown>; readonly faults: FieldFault[] };

/** Replaces the host's ids by ours. */
async function resolveLines(tx: Tx, kind: KindName, lines: readonly ReadLine[]): Promise<Resolved[]> {
  const resolved = lines.map(({ n, fields }): Resolved => ({ n, row: { ...fields }, faults: [] }));
  for (const [field, table] of Object.entries(HISTORY[kind].references)) {
    const given = resolved.flatMap(({ row }) => (row[field] === undefined ? [] : [String(row[field])]));
    const ids = await resolveReferences(tx, table, [...new Set(given)]);
    for (const { row, faults } of resolved) {
      if (row[field] === undefined) continue;
      const id = ids.get(String(row[field]));
      if (id === undefined) faults.push({ field, fault: "is unknown" });
      row[field] = id;
    }
  }
  return resolved;
}
