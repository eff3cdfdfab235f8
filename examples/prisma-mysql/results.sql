-- What everybody was notified of, who follows whom, and who is shown to whom. In the database of Commonwork.
select line from (
  select coalesce(nullif(u.name, ''), 'a deleted user') || ': ' || n.title as line
  from commonwork.notifications n join commonwork.users u on u.id = n.user_id
  union all
  select v.name || ' follows ' || o.name
  from commonwork.profile_access a join commonwork.users v on v.id = a.viewer_id join commonwork.users o on o.id = a.owner_id
  where a.status = 'granted'
  union all
  select v.name || ' is shown ' || string_agg(o.name, ', ' order by o.name)
  from commonwork.users v join commonwork.users o on commonwork.may_see(v.id, o.id)
  where v.host_id is not null and v.deactivated_at is null and o.deactivated_at is null and o.id <> v.id
  group by v.id, v.name
) results order by line collate "C";
