import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { TOLD_AGAIN } from "../scoring/project-matching/choose-candidates.ts";
import { OPEN } from "./project-facts.ts";

/** A project of a run, with whom its summary goes to. */
export type NoticeProject = { readonly id: string; readonly name: string; readonly leadId: string };

/** Open projects that want their candidates to be told, by id. */
export const readNoticeProjects = (tx: Tx): Promise<NoticeProject[]> =>
  rows<NoticeProject>(
    tx,
    sql`select p.id, p.name, coalesce(p.team_lead, p.created_by) as "leadId" from projects p where p.auto_notify and ${OPEN} order by p.id`,
  );

/**
 * Why a candidate `m` (volunteer_id, match_score) of the project `p` is passed over, who is the volunteer `v`, as an expression of SQL; null when nothing stands against it. Days are compared
 * by slots: whoever was told less than 24 hours before this one has been told today.
 */
export const skipReason = (slot: Date) => sql`case
    when not v.skills_visible then 'hidden'
    when m.volunteer_id in (p.team_lead, p.created_by)
      or exists (select 1 from project_members t where t.project_id = p.id and t.user_id = m.volunteer_id)
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = m.volunteer_id and t.status in ('invited', 'active')) then 'on-the-team'
    when exists (select 1 from project_applications a
                 where a.project_id = p.id and a.user_id = m.volunteer_id and a.status = 'rejected')
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = m.volunteer_id and t.status = 'removed') then 'rejected'
    when exists (select 1 from project_applications a where a.project_id = p.id and a.user_id = m.volunteer_id) then 'applied'
    when exists (select 1 from candidate_notifications c
                 where c.project_id = p.id and c.volunteer_id = m.volunteer_id
                   and c.slot > ${slot}::timestamptz - ${TOLD_AGAIN.afterDays} * interval '24 hours'
                   and round((m.match_score - c.match_score)::numeric, 6) < ${TOLD_AGAIN.scoreRise}::numeric) then 'told-before'
    when exists (select 1 from candidate_notifications c
                 where c.volunteer_id = m.volunteer_id and c.slot > ${slot}::timestamptz - interval '24 hours') then 'told-today'
  end`;
