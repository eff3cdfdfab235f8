import { type SQL, sql } from "drizzle-orm";

const userIsGone = sql`not exists (select 1 from users u where u.id = r.user_id)`;

/**
 * The tables that record sent nudges, so that none is sent twice, and for each the condition on its rows `r`
 * under which a row is older than `before` and no longer needed. A row is needed as long as its nudge could
 * be due again: a meeting may be moved back, a message marked as unread, a participant may return, a project
 * may be reopened. Ids are not reused, and times and edits only move forward (decision 0050).
 */
export const NUDGE_RETENTION = {
  // No reminder is sent after the start, wherever the meeting is moved.
  meeting_reminders: (before: string) => sql`r.start_time < ${before}::timestamptz`,
  // A message can become unread again as long as it exists.
  unread_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or not exists (select 1 from messages m where m.id = r.oldest_unread_id))`,
  // The greatest step of an anchor covers those before it. Without its resume, a project counts from its
  // creation again.
  resume_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or exists (select 1 from resume_nudges s where s.subject_id = r.subject_id and s.kind = r.kind and s.user_id = r.user_id
                 and s.anchor_at = r.anchor_at and s.step > r.step)
    or not exists (select 1 from projects p left join resumes w on w.project_id = p.id and w.kind = r.kind
                   where p.id = r.subject_id and r.anchor_at in (p.created_at, w.edited_at)))`,
} satisfies Record<string, (before: string) => SQL>;

export type NudgeLog = keyof typeof NUDGE_RETENTION;
export const NUDGE_LOGS = Object.keys(NUDGE_RETENTION) as readonly NudgeLog[];
