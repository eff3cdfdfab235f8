-- Ours are not inherited: each document gets, for each user, the permission of the nearest ancestor that has one.
-- A permission is noted with all documents of its user, and a folder with everything below it.
-- key: resource_id uuid, user_id uuid
-- source: public.permissions by user_id through select r.id, u.id from public.resources r cross join unnest($1::uuid[]) u(id) where r.resource_type = 'FILE'
-- source: public.resources by id through select b.id, p.user_id from (with recursive below as (select r.id, r.resource_type from public.resources r where r.id = any($1) union all select c.id, c.resource_type from below b join public.resources c on c.parent_id = b.id) select id from below where resource_type = 'FILE') b cross join (select distinct user_id from public.permissions) p
select f.id as resource_id, n.user_id, n.permission
from public.resources f
cross join lateral (
  with recursive above as (
    select f.id, f.parent_id, 0 as distance
    union all
    select r.id, r.parent_id, a.distance + 1 from above a join public.resources r on r.id = a.parent_id)
  select distinct on (p.user_id) p.user_id, p.permission
  from above a join public.permissions p on p.resource_id = a.id
  order by p.user_id, a.distance) n
where f.resource_type = 'FILE' and f.project_id is not null
