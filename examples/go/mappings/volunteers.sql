-- A location needs both coordinates.
-- key: host_id uuid
-- source: civic.volunteers by id
select v.id as host_id, v.user_id, coalesce(v.skills_visible, true) as skills_visible,
       case when v.location_lng is not null then v.location_lat end as latitude,
       case when v.location_lat is not null then v.location_lng end as longitude
from civic.volunteers v
