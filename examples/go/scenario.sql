-- What main.go writes, as plain SQL: one transaction per request, with its event.
-- Each pause is long enough for the service to finish, so that every step shows what it alone leads to.

-- join: Dora registers, with her skills.
begin;
insert into users (id, email) values (md5('dora')::uuid, 'dora@example.com');
insert into volunteers (id, user_id, name, location_lat, location_lng)
values (md5('volunteer dora')::uuid, md5('dora')::uuid, 'Dora', 52.53, 13.40);
insert into volunteer_skills (volunteer_id, skill_id, skill_weight) values
  (md5('volunteer dora')::uuid, 1, 0.7), (md5('volunteer dora')::uuid, 2, 0.6);
select commonwork.emit('invite_accepted', jsonb_build_object('org_id', 1, 'new_member_id', md5('dora')::uuid), actor => md5('dora')::uuid::text);
select commonwork.emit('profile.updated', jsonb_build_object('user_id', md5('dora')::uuid, 'parts', '["skills"]'::jsonb));
commit;
select pg_sleep(2);

-- open: Ada opens a project, with Eve in its team, and looks for gardeners who are carpenters too.
begin;
insert into projects (id, title, project_status, created_by_admin_id, location_lat, location_lng, auto_notify_matches)
values (md5('garden')::uuid, 'Garden', 'recruiting', md5('ada')::uuid, 52.52, 13.40, true);
insert into project_required_skills (project_id, skill_id) values (md5('garden')::uuid, 1), (md5('garden')::uuid, 2);
insert into project_team_members (project_id, volunteer_id, status) values (md5('garden')::uuid, md5('volunteer eve')::uuid, 'active');
select commonwork.emit('project.updated', project => md5('garden')::uuid::text);
commit;
select pg_sleep(2);

-- accept: Ben applied and is accepted. The trigger of the host puts him into the team.
begin;
insert into applications (id, project_id, volunteer_id) values (md5('application')::uuid, md5('garden')::uuid, md5('volunteer ben')::uuid);
update applications set status = 'accepted';
commit;
select pg_sleep(2);

-- upload: Ada uploads a document.
begin;
insert into resources (id, title, resource_type, scope, project_id, uploaded_by_id)
values (md5('plan')::uuid, 'Plan.pdf', 'file', 'project_specific', md5('garden')::uuid, md5('ada')::uuid);
select commonwork.emit('document_uploaded', actor => md5('ada')::uuid::text, project => md5('garden')::uuid::text, resource => md5('plan')::uuid::text);
commit;
select pg_sleep(2);

-- write: Ben writes to the team.
begin;
insert into project_messages (id, project_id, sender_id, message_text)
values (md5('message')::uuid, md5('garden')::uuid, md5('ben')::uuid, 'When do we begin, @[Eve](user:' || md5('eve')::uuid || ')?');
select commonwork.emit('chat_message_sent', jsonb_build_object('message_id', md5('message')::uuid),
                       actor => md5('ben')::uuid::text, thread => md5('garden')::uuid::text);
commit;
select pg_sleep(2);

-- remove: Ben is removed from the team, and the project renamed. Ada uploads again.
begin;
update project_team_members set status = 'removed' where volunteer_id = md5('volunteer ben')::uuid;
update projects set title = 'Community garden' where id = md5('garden')::uuid;
insert into resources (id, title, resource_type, scope, project_id, uploaded_by_id)
values (md5('budget')::uuid, 'Budget.pdf', 'file', 'project_specific', md5('garden')::uuid, md5('ada')::uuid);
select commonwork.emit('document_uploaded', actor => md5('ada')::uuid::text, project => md5('garden')::uuid::text, resource => md5('budget')::uuid::text);
commit;
select pg_sleep(2);

-- delete: Eve deletes her account. Nobody but Ada has access to the next document.
begin;
delete from users where id = md5('eve')::uuid;
insert into resources (id, title, resource_type, scope, project_id, uploaded_by_id)
values (md5('photos')::uuid, 'Photos.pdf', 'file', 'project_specific', md5('garden')::uuid, md5('ada')::uuid);
select commonwork.emit('document_uploaded', actor => md5('ada')::uuid::text, project => md5('garden')::uuid::text, resource => md5('photos')::uuid::text);
commit;
select pg_sleep(2);
