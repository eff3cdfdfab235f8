-- A project has a row for each version of its resume. The newest one counts.
-- key: host_id uuid
-- source: public.project_resumes by project_id
select distinct on (r.project_id) r.project_id as host_id, r.project_id, 'project' as kind,
       r.completeness_percent as completeness, r.updated_at as edited_at
from public.project_resumes r
order by r.project_id, r.version_number desc
