-- key: host_id integer
-- source: public.messages by id
select m.id as host_id, m.conversation_id as thread_id, m.sender_id, m.body, m.created_at at time zone 'UTC' as created_at
from public.messages m
