-- key: host_id integer
-- source: public.processes by id
-- source: public.organizations by id through select p.id from public.processes p where p.organization_id = any($1)
select p.id as host_id, p.organization_id, p.author_id as created_by, p.title ->> o.default_locale as name,
       case p.state when 0 then 'draft' when 1 then 'active' else 'completed' end as project_status,
       false as auto_notify
from public.processes p join public.organizations o on o.id = p.organization_id
where p.deleted_at is null
