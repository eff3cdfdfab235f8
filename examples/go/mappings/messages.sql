-- key: host_id uuid
-- source: civic.project_messages by id
select m.id as host_id, m.project_id as thread_id, m.sender_id, m.message_text as body, m.created_at at time zone 'UTC' as created_at
from civic.project_messages m
where m.message_scope = 'project' and m.deleted_at is null
