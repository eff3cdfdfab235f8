-- key: host_id integer
-- source: public.users by id
-- ignore: public.users (sign_in_count)
select u.id as host_id, u.name, nullif(u.email, '') as email, u.locale as language,
       u.current_sign_in_at at time zone 'UTC' as last_active_at, u.created_at at time zone 'UTC' as created_at
from public.users u
where u.type = 'User' and u.confirmed_at is not null and u.deleted_at is null
