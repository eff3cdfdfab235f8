-- What the service may read: the tables of the mappings, and nothing else.
grant usage on schema civic to commonwork_app;
grant select on
  civic.users, civic.roles, civic.user_roles, civic.admins, civic.volunteers, civic.skill_taxonomy, civic.volunteer_skills,
  civic.projects, civic.project_required_skills, civic.project_team_members, civic.applications, civic.resources,
  civic.project_messages, civic.message_reads
to commonwork_app;

-- What the application may do in the schema of Commonwork: emit events and request jobs, and read results.
-- The rights of these two roles are printed by: commonwork grants --print
grant commonwork_host, commonwork_reader to go_app;
