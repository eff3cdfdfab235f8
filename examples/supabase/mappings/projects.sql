-- A project has no creator and no status: an owner of its organization stands in, and every project is active.
-- key: host_id uuid
-- source: public.projects by id
-- source: public.org_members by org_id through select p.id from public.projects p where p.owner_org_id = any($1)
select p.id as host_id, p.owner_org_id as organization_id, p.name, p.assigned_advisor_id as team_lead, o.user_id as created_by,
       'active' as project_status, false as auto_notify
from public.projects p
cross join lateral (
  select m.user_id from public.org_members m
  where m.org_id = p.owner_org_id and m.role = 'owner' order by m.created_at, m.user_id limit 1) o
