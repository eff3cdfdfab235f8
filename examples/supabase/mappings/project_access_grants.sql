-- Somebody with edit on a root of the project's documents may edit the project.
-- key: project_id uuid, user_id uuid
-- source: public.project_access_grants by project_id, user_id
-- source: public.permissions by user_id through select g.project_id, g.user_id from public.project_access_grants g where g.user_id = any($1)
-- source: public.resources by project_id through select g.project_id, g.user_id from public.project_access_grants g where g.project_id = any($1)
select g.project_id, g.user_id, g.created_at as granted_at,
       case when exists (
         select from public.resources r join public.permissions p on p.resource_id = r.id
         where r.project_id = g.project_id and r.parent_id is null and p.user_id = g.user_id and p.permission = 'edit')
       then 'edit' else 'view' end as permission
from public.project_access_grants g
