-- What everybody was notified of, and which permission they have for which document.
select line from (
  select coalesce(nullif(u.name, ''), 'a deleted user') || ': ' || n.title as line
  from commonwork.notifications n join commonwork.users u on u.id = n.user_id
  union all
  select u.name || ' may ' || p.permission || ' ' || r.name
  from commonwork.resource_permissions p join commonwork.resources r on r.id = p.resource_id join commonwork.users u on u.id = p.user_id
  union all
  select 'The resume of ' || p.name || ' is complete to ' || r.completeness || ' %'
  from commonwork.resumes r join commonwork.projects p on p.id = r.project_id
) results order by line collate "C";
