-- key: host_id integer
-- source: civic.skill_taxonomy by id
select s.id as host_id, s.skill_name as name from civic.skill_taxonomy s
