-- What everybody was notified of, and who matches the project.
select line from (
  select coalesce(nullif(u.name, ''), 'a deleted user') || ': ' || n.title as line
  from commonwork.notifications n join commonwork.users u on u.id = n.user_id
  union all
  -- With the host's ids, where its own API read them before.
  select 'Match ' || row_number() over (partition by m.project_id order by m.match_score desc) || ' of ' || p.title || ': ' || v.name
  from commonwork_results.volunteer_initiative_matches m
  join civic.projects p on p.id::text = m.project_id join civic.volunteers v on v.id::text = m.volunteer_id
) results order by line collate "C";
