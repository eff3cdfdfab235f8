-- What the application writes, one transaction per request: rows, and an event in its own table of events.
-- Each pause is long enough for the service to finish, so that every step shows what it alone leads to.

-- Dora joins Ada's organization.
begin;
insert into auth.users (id, email) values (md5('dora')::uuid, 'dora@example.com');
insert into profiles (id, full_name, email) values (md5('dora')::uuid, 'Dora', 'dora@example.com');
insert into org_members (org_id, user_id, role) values (md5('harbour')::uuid, md5('dora')::uuid, 'member');
insert into domain_events (event_type, actor_id, payload)
values ('invite_accepted', md5('dora')::uuid, jsonb_build_object('org_id', md5('harbour')::uuid, 'new_member_id', md5('dora')::uuid));
commit;
select pg_sleep(2);

-- A project opens. Ben may edit it, Cleo and Eve may see it; a folder in it is closed to Cleo.
begin;
insert into projects (id, name, owner_org_id) values (md5('pier')::uuid, 'Pier 7', md5('harbour')::uuid);
insert into resources (id, project_id, parent_id, resource_type, name) values
  (md5('root')::uuid, md5('pier')::uuid, null, 'PROJECT_DOCS_ROOT', 'Documents'),
  (md5('folder')::uuid, md5('pier')::uuid, md5('root')::uuid, 'FOLDER', 'Contracts');
insert into project_access_grants (project_id, user_id)
select md5('pier')::uuid, md5(name)::uuid from unnest(array['ben', 'cleo', 'eve']) name;
insert into permissions (resource_id, user_id, permission) values
  (md5('root')::uuid, md5('ben')::uuid, 'edit'),
  (md5('root')::uuid, md5('cleo')::uuid, 'view'),
  (md5('root')::uuid, md5('eve')::uuid, 'view'),
  (md5('folder')::uuid, md5('cleo')::uuid, 'none');
insert into domain_events (event_type, actor_id, project_id, payload)
select 'project_access_granted', md5('ada')::uuid, md5('pier')::uuid,
       jsonb_build_object('affected_user_id', md5(name)::uuid, 'new_permission', case name when 'ben' then 'edit' else 'view' end)
from unnest(array['ben', 'cleo', 'eve']) name;
commit;
select pg_sleep(2);

-- Ben uploads a document into the folder.
begin;
insert into resources (id, project_id, parent_id, resource_type, name)
values (md5('lease')::uuid, md5('pier')::uuid, md5('folder')::uuid, 'FILE', 'Lease.pdf');
insert into document_versions (resource_id, version_number, created_by) values (md5('lease')::uuid, 1, md5('ben')::uuid);
insert into domain_events (event_type, actor_id, project_id, resource_id)
values ('document_uploaded', md5('ben')::uuid, md5('pier')::uuid, md5('lease')::uuid);
commit;
select pg_sleep(2);

-- Ada starts a conversation, and mentions Cleo.
begin;
insert into chat_threads (id, project_id, topic) values (md5('thread')::uuid, md5('pier')::uuid, 'Closing');
insert into chat_thread_participants (thread_id, user_id)
select md5('thread')::uuid, md5(name)::uuid from unnest(array['ada', 'ben', 'cleo']) name;
insert into project_messages (thread_id, user_id, content)
values (md5('thread')::uuid, md5('ada')::uuid, 'Ready to sign, @[Cleo](user:' || md5('cleo')::uuid || ')?');
insert into domain_events (event_type, actor_id, project_id, thread_id, payload)
values ('chat_message_sent', md5('ada')::uuid, md5('pier')::uuid, md5('thread')::uuid,
        jsonb_build_object('message_id', currval('project_messages_id_seq')));
commit;
select pg_sleep(2);

-- Ben is removed, the project is renamed, and its folder opened to Cleo. Then Ada uploads a document into it.
begin;
delete from project_access_grants where user_id = md5('ben')::uuid;
delete from permissions where user_id = md5('ben')::uuid;
delete from permissions where resource_id = md5('folder')::uuid;
update projects set name = 'Pier 7 and 8';
insert into resources (id, project_id, parent_id, resource_type, name)
values (md5('survey')::uuid, md5('pier')::uuid, md5('folder')::uuid, 'FILE', 'Survey.pdf');
insert into document_versions (resource_id, version_number, created_by) values (md5('survey')::uuid, 1, md5('ada')::uuid);
insert into domain_events (event_type, actor_id, project_id, resource_id)
values ('document_uploaded', md5('ada')::uuid, md5('pier')::uuid, md5('survey')::uuid);
insert into project_resumes (project_id, version_number, completeness_percent) values (md5('pier')::uuid, 1, 40), (md5('pier')::uuid, 2, 70);
commit;
select pg_sleep(2);

-- Eve deletes her account, and is not notified of the next document.
begin;
delete from auth.users where id = md5('eve')::uuid;
insert into resources (id, project_id, parent_id, resource_type, name)
values (md5('plan')::uuid, md5('pier')::uuid, md5('root')::uuid, 'FILE', 'Plan.pdf');
insert into domain_events (event_type, actor_id, project_id, resource_id)
values ('document_uploaded', md5('ada')::uuid, md5('pier')::uuid, md5('plan')::uuid);
commit;
select pg_sleep(2);
