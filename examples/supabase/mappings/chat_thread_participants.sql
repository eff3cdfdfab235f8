-- key: thread_id uuid, user_id uuid
-- source: public.chat_thread_participants by thread_id, user_id
select p.thread_id, p.user_id, p.created_at as joined_at, nullif(p.last_read_at, timestamptz 'epoch') as last_read_at
from public.chat_thread_participants p
