-- key: volunteer_id uuid, skill_id integer
-- source: civic.volunteer_skills by volunteer_id, skill_id
select s.volunteer_id, s.skill_id, s.skill_weight as weight, s.proficiency_level as proficiency, s.years_experience as years,
       make_date(s.last_used_year, 12, 31) as last_used
from civic.volunteer_skills s
