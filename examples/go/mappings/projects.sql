-- key: host_id uuid
-- source: civic.projects by id
select p.id as host_id, 1 as organization_id, p.title as name, coalesce(p.project_status, 'draft') as project_status,
       p.created_by_admin_id as created_by, p.team_lead_id as team_lead, p.auto_notify_matches as auto_notify,
       case when p.location_lng is not null then p.location_lat end as latitude,
       case when p.location_lat is not null then p.location_lng end as longitude
from civic.projects p
