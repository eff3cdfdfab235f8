-- The active team sees the documents of its project.
-- key: host_id uuid
-- source: civic.project_team_members by id
-- source: civic.volunteers by id through select m.id from civic.project_team_members m where m.volunteer_id = any($1)
select m.id as host_id, m.project_id, v.user_id, 'view' as permission, m.joined_at at time zone 'UTC' as granted_at
from civic.project_team_members m join civic.volunteers v on v.id = m.volunteer_id
where m.status = 'active'
