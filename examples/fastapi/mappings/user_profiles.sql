-- key: host_id uuid
-- source: public.user_profiles by user_id
select p.user_id as host_id, p.user_id, p.primary_job_title, p.secondary_job_titles, p.technical_skills,
       p.tools_technologies as tools, p.work_preference, p.blacklisted_companies, p.job_freshness_days
from public.user_profiles p
