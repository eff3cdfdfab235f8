-- What the application writes, one transaction per request. An event stands in the transaction of its rows.
-- Each pause is long enough for the service to finish, so that every step shows what it alone leads to.

-- Dora joins, invited by Cleo.
begin;
insert into users (organization_id, name, email, confirmed_at) values (1, 'Dora', 'dora@green.example', timezone('utc', now()));
insert into volunteer_profiles (user_id, organization_id, referrer_id, referral_code) values (15, 1, 2, 'DORA4444');
select commonwork.emit('invite_accepted', '{"org_id": 1, "new_member_id": 15}', actor => '15');
commit;
select pg_sleep(2);

-- Ada opens a process, and lets Ben, Cleo and Eve take part.
begin;
insert into processes (organization_id, author_id, title, state) values (1, 11, '{"en": "Plant 500 trees"}', 1);
insert into private_users (user_id, privatable_to_type, privatable_to_id)
select u, 'Process', 1 from unnest(array[12, 13, 14]) u;
select commonwork.emit('project_access_granted', jsonb_build_object('affected_user_id', u, 'new_permission', 'view'),
                       actor => '11', project => '1')
from unnest(array[12, 13, 14]) u;
commit;
select pg_sleep(2);

-- Ben uploads a document.
begin;
insert into attachments (title, author_id, attached_to_type, attached_to_id) values ('{"en": "Map.pdf"}', 12, 'Process', 1);
select commonwork.emit('document_uploaded', actor => '12', project => '1', resource => '1');
commit;
select pg_sleep(2);

-- Ada writes to everybody, and mentions Cleo.
begin;
insert into messages (conversation_id, sender_id, body) values (1, 11, 'The trees are here, @[Cleo](user:13).');
select commonwork.emit('chat_message_sent', '{"message_id": 2}', actor => '11', thread => '1');
commit;
select pg_sleep(2);

-- Ben is removed from the conversation and the process, which is renamed. Then Ada writes and uploads again.
begin;
delete from participations where participant_id = 12;
delete from private_users where user_id = 12;
update processes set title = '{"en": "Plant 1,000 trees"}';
insert into messages (conversation_id, sender_id, body) values (1, 11, 'We have twice as many.');
select commonwork.emit('chat_message_sent', '{"message_id": 3}', actor => '11', thread => '1');
insert into attachments (title, author_id, attached_to_type, attached_to_id) values ('{"en": "Budget.xlsx"}', 11, 'Process', 1);
select commonwork.emit('document_uploaded', actor => '11', project => '1', resource => '2');
commit;
select pg_sleep(2);

-- Eve deletes her account, and is not notified of the next document.
begin;
update users set deleted_at = timezone('utc', now()), name = '', email = '' where id = 14;
insert into attachments (title, author_id, attached_to_type, attached_to_id) values ('{"en": "Photos.pdf"}', 11, 'Process', 1);
select commonwork.emit('document_uploaded', actor => '11', project => '1', resource => '3');
commit;
select pg_sleep(2);
