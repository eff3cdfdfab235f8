-- key: host_id integer
-- source: public.task_templates by id
select t.id as host_id, t.title, t.xp_reward,
       case t.status when 0 then 'draft' when 1 then 'published' else 'archived' end as status
from public.task_templates t
