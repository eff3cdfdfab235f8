-- key: host_id integer
-- source: public.volunteer_profiles by id
select v.id as host_id, v.user_id, v.organization_id, v.referrer_id, v.referral_code, v.level, v.total_xp,
       v.created_at at time zone 'UTC' as created_at,
       case when v.referrer_id is not null then v.created_at at time zone 'UTC' end as referred_at
from public.volunteer_profiles v
