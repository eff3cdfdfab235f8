-- What app.py writes, as plain SQL: one transaction per request, with its event.
-- Each pause is long enough for the service to finish, so that every step shows what it alone leads to.

-- sign_up: Dora signs up and uploads a CV. Her recommendations are computed at once.
begin;
insert into auth.users (id, email, raw_user_meta_data) values (md5('dora')::uuid, 'dora@example.com', '{"full_name": "Dora"}');
insert into public.cvs (user_id, parsed_content, parsing_status)
values (md5('dora')::uuid, '{"skills": {"technical": ["Python", "PostgreSQL"], "tools": ["Docker"]}}', 'completed');
select commonwork.emit('cv.updated', jsonb_build_object('user_id', md5('dora')::uuid));
commit;
select pg_sleep(2);

-- block_company: Dora does not want to work for one of the companies.
begin;
update public.user_profiles set blacklisted_companies = '{Night Shift Ltd}', updated_at = now() where user_id = md5('dora')::uuid;
select commonwork.emit('cv.updated', jsonb_build_object('user_id', md5('dora')::uuid));
commit;
select pg_sleep(2);

-- upload_cv: Ben uploads another CV, which replaces the first.
begin;
insert into public.cvs (user_id, parsed_content, parsing_status)
values (md5('ben')::uuid, '{"skills": {"technical": ["Python", "PostgreSQL"], "tools": ["Docker"]}}', 'completed');
select commonwork.emit('cv.updated', jsonb_build_object('user_id', md5('ben')::uuid));
commit;
select pg_sleep(2);

-- rename: Ben changes his name.
update public.users set full_name = 'Benjamin' where id = md5('ben')::uuid;
select pg_sleep(2);

-- switch_off: Ada's account is switched off, and a posting is deleted.
begin;
update public.users set is_active = false where id = md5('ada')::uuid;
delete from public.jobs where company = 'Old Mill';
commit;
select pg_sleep(2);
