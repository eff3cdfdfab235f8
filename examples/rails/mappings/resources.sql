-- key: host_id integer
-- source: public.attachments by id
select a.id as host_id, a.attached_to_id as project_id, a.title ->> 'en' as name, a.author_id as created_by
from public.attachments a
where a.attached_to_type = 'Process'
