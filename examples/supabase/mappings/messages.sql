-- key: host_id bigint
-- source: public.project_messages by id
select m.id as host_id, m.thread_id, m.user_id as sender_id, coalesce(m.content, '') as body, m.created_at
from public.project_messages m
