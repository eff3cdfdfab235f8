-- key: host_id uuid
-- source: civic.users by id
-- source: civic.volunteers by user_id
-- source: civic.admins by user_id
select u.id as host_id, coalesce(v.name, a.name, '') as name, u.email, u.created_at at time zone 'UTC' as created_at
from civic.users u
left join civic.volunteers v on v.user_id = u.id
left join civic.admins a on a.user_id = u.id
