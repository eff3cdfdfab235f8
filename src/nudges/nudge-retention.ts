import { type SQL, sql } from "drizzle-orm";

const userIsGone = sql`not exists (select 1 from users u where u.id = r.user_id)`;

/**
 * The tables that keep what was given, so that it is not given again. For each the condition over `r`, a row of it, under which the row is older than `before` and can keep nothing any more from being
 * given again. Ids do not come back, and time and edits go forward; all else may: a meeting is moved back, a message is marked as unread,
 * somebody who left returns, a project is opened again (decision 0050).
 */
export const OUTLIVED = {
  // Nobody is reminded of a start that is over, wherever the meeting is moved.
  meeting_reminders: (before: string) => sql`r.start_time < ${before}::timestamptz`,
  // As long as the message is there it can be unread.
  unread_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or not exists (select 1 from messages m where m.id = r.oldest_unread_id))`,
  // Of one anchor the greatest step speaks for those before it. Without its resume a project counts from its making again.
  resume_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or exists (select 1 from resume_nudges s where s.subject_id = r.subject_id and s.kind = r.kind and s.user_id = r.user_id
                 and s.anchor_at = r.anchor_at and s.step > r.step)
    or not exists (select 1 from projects p left join resumes w on w.project_id = p.id and w.kind = r.kind
                   where p.id = r.subject_id and r.anchor_at in (p.created_at, w.edited_at)))`,
} satisfies Record<string, (before: string) => SQL>;

export type NudgeLog = keyof typeof OUTLIVED;
export const NUDGE_LOGS = Object.keys(OUTLIVED) as readonly NudgeLog[];
