-- What is recommended to whom.
select line from (
  select u.name || ': ' || j.title || ' at ' || j.company as line
  from commonwork.job_recommendations r
  join commonwork.users u on u.id = r.user_id and u.deactivated_at is null
  join commonwork.jobs j on j.id = r.job_id and j.status = 'open'
) results order by line collate "C";
