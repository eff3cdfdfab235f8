-- A receipt says who read which message: the newest one that somebody read decides what is unread.
-- key: thread_id integer, user_id integer
-- source: public.participations by conversation_id, participant_id
-- source: public.messages by conversation_id through select p.conversation_id, p.participant_id from public.participations p where p.conversation_id = any($1)
-- source: public.receipts by message_id through select p.conversation_id, p.participant_id from public.messages m join public.participations p using (conversation_id) where m.id = any($1)
select p.conversation_id as thread_id, p.participant_id as user_id, p.created_at at time zone 'UTC' as joined_at,
       (select max(m.created_at) at time zone 'UTC'
        from public.messages m join public.receipts r on r.message_id = m.id
        where m.conversation_id = p.conversation_id and r.recipient_id = p.participant_id and r.read_at is not null) as last_read_at
from public.participations p
