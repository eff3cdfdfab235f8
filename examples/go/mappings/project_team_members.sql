-- key: host_id uuid
-- source: civic.project_team_members by id
-- source: civic.volunteers by id through select m.id from civic.project_team_members m where m.volunteer_id = any($1)
select m.id as host_id, m.project_id, v.user_id, case m.status when 'completed' then 'left' else m.status end as status,
       m.joined_at at time zone 'UTC' as created_at
from civic.project_team_members m join civic.volunteers v on v.id = m.volunteer_id
