-- key: organization_id integer, user_id integer
-- source: public.users by organization_id, id
select u.organization_id, u.id as user_id, case when u.admin then 'owner' else 'member' end as role
from public.users u
where u.type = 'User' and u.confirmed_at is not null and u.deleted_at is null
