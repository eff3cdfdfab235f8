-- Folders and roots are no documents.
-- key: host_id uuid
-- source: public.resources by id
-- source: public.document_versions by resource_id
select r.id as host_id, r.project_id, r.name, (
         select v.created_by from public.document_versions v
         where v.resource_id = r.id order by v.version_number limit 1) as created_by
from public.resources r
where r.resource_type = 'FILE' and r.project_id is not null
