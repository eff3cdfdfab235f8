-- key: host_id uuid
-- source: civic.resources by id
select r.id as host_id, r.project_id, r.title as name, r.uploaded_by_id as created_by
from civic.resources r
where r.scope = 'project_specific' and r.deleted_at is null
