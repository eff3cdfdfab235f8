-- key: project_id uuid, skill_id integer
-- source: civic.project_required_skills by project_id, skill_id
select s.project_id, s.skill_id from civic.project_required_skills s
