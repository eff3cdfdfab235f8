-- key: host_id uuid
-- source: civic.applications by id
-- source: civic.volunteers by id through select a.id from civic.applications a where a.volunteer_id = any($1)
select a.id as host_id, a.project_id, v.user_id, a.status, a.applied_at at time zone 'UTC' as created_at
from civic.applications a join civic.volunteers v on v.id = a.volunteer_id
