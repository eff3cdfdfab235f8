-- key: host_id uuid
-- source: public.chat_threads by id
select t.id as host_id, t.project_id, coalesce(t.topic, '') as topic from public.chat_threads t
