-- Postings of the host's own. They are not mirrored, since postings of several sources are compared and merged; this
-- copies what is new or changed, and closes what is gone. Run it as the owner of Commonwork's schema, say every hour.
insert into commonwork.jobs as ours (host_id, title, company, location, description, job_link, posted_date, remote_type, salary_min, salary_max)
select j.id::text, j.title, j.company, j.location, j.description, j.job_link, j.posted_date, j.remote_type, s.least, s.most
from public.jobs j
cross join lateral (  -- numbers in texts: "60,000", "negotiable"
  select case when j.salary_min ~ '^[\d,]+$' then replace(j.salary_min, ',', '')::float8 end as least,
         case when j.salary_max ~ '^[\d,]+$' then replace(j.salary_max, ',', '')::float8 end as most) s
where j.processing_status <> 'archived'
on conflict (host_id) do update
set title = excluded.title, company = excluded.company, location = excluded.location, description = excluded.description,
    job_link = excluded.job_link, posted_date = excluded.posted_date, remote_type = excluded.remote_type,
    salary_min = excluded.salary_min, salary_max = excluded.salary_max, status = 'open', closed_at = null, updated_at = now()
where (ours.title, ours.company, ours.location, ours.description, ours.job_link, ours.posted_date, ours.remote_type,
       ours.salary_min, ours.salary_max, ours.status)
  is distinct from (excluded.title, excluded.company, excluded.location, excluded.description, excluded.job_link,
       excluded.posted_date, excluded.remote_type, excluded.salary_min, excluded.salary_max, 'open');

update commonwork.jobs ours set status = 'closed', closed_at = now()
where ours.host_id is not null and ours.status = 'open'
  and not exists (select from public.jobs j where j.id::text = ours.host_id and j.processing_status <> 'archived');
