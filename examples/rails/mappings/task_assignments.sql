-- key: host_id integer
-- source: public.task_assignments by id
select a.id as host_id, a.task_template_id as template_id, a.assignee_id,
       (array['pending', 'submitted', 'approved', 'rejected'])[a.status + 1] as status,
       a.assigned_at at time zone 'UTC' as assigned_at, a.submitted_at at time zone 'UTC' as submitted_at,
       -- A row that was approved may lack the time of the review.
       case when a.status in (2, 3) then coalesce(a.reviewed_at, a.updated_at) at time zone 'UTC' end as reviewed_at
from public.task_assignments a
