-- Skills are an object of lists; ours is one list. Users who are switched off have no CV.
-- key: host_id uuid
-- source: public.cvs by id
-- source: public.users by id through select c.id from public.cvs c where c.user_id = any($1)
select c.id as host_id, c.user_id, c.raw_text, c.parsing_status, c.is_active, c.created_at,
       coalesce(c.parsed_content, '{}') || jsonb_build_object('skills', (
         select coalesce(jsonb_agg(skill order by skill), '[]')
         from jsonb_each(c.parsed_content -> 'skills') list(name, skills), jsonb_array_elements(skills) skill)) as parsed_content
from public.cvs c join public.users u on u.id = c.user_id
where u.is_active
