-- The active team talks. The newest message that somebody has read decides what is unread.
-- key: host_id uuid
-- source: civic.project_team_members by id
-- source: civic.volunteers by id through select m.id from civic.project_team_members m where m.volunteer_id = any($1)
-- source: civic.project_messages by project_id through select m.id from civic.project_team_members m where m.project_id = any($1)
-- source: civic.message_reads by message_id through select m.id from civic.project_team_members m join civic.project_messages x on x.project_id = m.project_id where x.id = any($1)
select m.id as host_id, m.project_id as thread_id, v.user_id, m.joined_at at time zone 'UTC' as joined_at,
       (select max(x.created_at) at time zone 'UTC'
        from civic.project_messages x join civic.message_reads r on r.message_id = x.id
        where x.project_id = m.project_id and r.user_id = v.user_id) as last_read_at
from civic.project_team_members m join civic.volunteers v on v.id = m.volunteer_id
where m.status = 'active'
