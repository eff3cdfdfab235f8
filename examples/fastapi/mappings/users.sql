-- key: host_id uuid
-- source: public.users by id
select u.id as host_id, coalesce(u.full_name, split_part(u.email, '@', 1), '') as name, u.email
from public.users u
where u.is_active
