-- What the service may read, and that row-level security hides nothing of it: hidden rows would be missing in the
-- mirrors. Nothing changes for anybody else.
do $$
declare source regclass;
begin
  foreach source in array array['auth.users', 'public.profiles', 'public.orgs', 'public.org_members', 'public.projects',
    'public.project_access_grants', 'public.resources', 'public.document_versions', 'public.permissions',
    'public.project_resumes', 'public.chat_threads', 'public.chat_thread_participants', 'public.project_messages']::regclass[]
  loop
    execute format('grant select on %s to commonwork_app', source);
    execute format('create policy commonwork on %s for select to commonwork_app using (true)', source);
  end loop;
end $$;
grant usage on schema auth, public to commonwork_app;

-- What the application may do in the schema of Commonwork: emit events and request jobs.
-- The rights of commonwork_host itself are printed by: commonwork grants --print
grant commonwork_host to service_role;
