-- What the service may read, and that row-level security hides nothing of it: hidden rows would be missing in the
-- mirrors. Nothing changes for anybody else.
grant usage on schema public to commonwork_app;
grant select on public.users, public.user_profiles, public.cvs to commonwork_app;
create policy commonwork on public.users for select to commonwork_app using (true);
create policy commonwork on public.user_profiles for select to commonwork_app using (true);
create policy commonwork on public.cvs for select to commonwork_app using (true);

-- What the application may do in the schema of Commonwork: emit events and request jobs.
-- The rights of commonwork_host itself are printed by: commonwork grants --print
grant commonwork_host to fastapi_app;
