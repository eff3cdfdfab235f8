-- What everybody was notified of, and who matches the project.
select line from (
  select coalesce(nullif(u.name, ''), 'a deleted user') || ': ' || n.title as line
  from commonwork.notifications n join commonwork.users u on u.id = n.user_id
  union all
  select 'Match ' || row_number() over (partition by m.project_id order by m.match_score desc) || ' of ' || p.name || ': ' || u.name
  from commonwork.volunteer_initiative_matches m join commonwork.projects p on p.id = m.project_id join commonwork.users u on u.id = m.volunteer_id
) results order by line collate "C";
