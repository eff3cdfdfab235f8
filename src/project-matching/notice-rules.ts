import { sql } from "drizzle-orm";
import { candidacyStop } from "../db/candidacy.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { NOTICE_REPEAT } from "../scoring/project-matching/choose-candidates.ts";
import { IS_MATCHED } from "./project-facts.ts";

/** A project of a run of the notices, with the user who gets its summary. */
export type NoticeProject = { readonly id: string; readonly name: string; readonly leadId: string };

/** Matched projects with candidates to notify, by id. */
export const readNoticeProjects = (tx: Tx): Promise<NoticeProject[]> =>
  rows<NoticeProject>(
    tx,
    sql`select p.id, p.name, coalesce(p.team_lead, p.created_by) as "leadId" from projects p where p.auto_notify and ${IS_MATCHED} order by p.id`,
  );

/**
 * SQL: the rule that forbids notifying the candidate `m` (volunteer_id, match_score), who is volunteer `v`,
 * about project `p`; null when none does. Ages are measured from slot to slot: a notice of less than 24 hours
 * before this slot counts as one of today.
 */
export const skipReason = (slot: Date) => sql`coalesce(${candidacyStop(sql`m.volunteer_id`)}, case
    when exists (select 1 from candidate_notifications c
                 where c.project_id = p.id and c.volunteer_id = m.volunteer_id
                   and c.slot > ${slot}::timestamptz - ${NOTICE_REPEAT.afterDays} * interval '24 hours'
                   and round((m.match_score - c.match_score)::numeric, 6) < ${NOTICE_REPEAT.scoreRise}::numeric) then 'notified-before'
    when exists (select 1 from candidate_notifications c
                 where c.volunteer_id = m.volunteer_id and c.slot > ${slot}::timestamptz - interval '24 hours') then 'notified-today'
  end)`;
