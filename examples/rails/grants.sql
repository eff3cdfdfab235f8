-- What the service may read: the tables of the mappings, and nothing else.
grant usage on schema public to commonwork_app;
grant select on
  organizations, users, processes, private_users, attachments,
  conversations, participations, messages, receipts,
  volunteer_profiles, task_templates, task_assignments
to commonwork_app;

-- What the application may do in the schema of Commonwork: emit events and request jobs.
-- The rights of commonwork_host itself are printed by: commonwork grants --print
grant commonwork_host to rails_app;
