-- key: host_id uuid
-- source: public.profiles by id
-- source: auth.users by id
select p.id as host_id, coalesce(p.full_name, split_part(p.email, '@', 1)) as name, p.email,
       a.last_sign_in_at as last_active_at
from public.profiles p join auth.users a on a.id = p.id
