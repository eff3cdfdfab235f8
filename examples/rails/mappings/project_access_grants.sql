-- key: project_id integer, user_id integer
-- source: public.private_users by privatable_to_id, user_id
select distinct u.privatable_to_id as project_id, u.user_id, 'view' as permission
from public.private_users u
where u.privatable_to_type = 'Process'
