-- Everybody belongs to the organization; administrators own it.
-- key: organization_id integer, user_id uuid
-- source: civic.users by id through select 1, u from unnest($1::uuid[]) u
-- source: civic.user_roles by user_id through select 1, u from unnest($1::uuid[]) u
select 1 as organization_id, u.id as user_id, u.created_at at time zone 'UTC' as created_at,
       case when exists (select from civic.user_roles r where r.user_id = u.id and r.role_id = 1) then 'owner' else 'member' end as role
from civic.users u
