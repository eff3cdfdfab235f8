-- key: host_id integer
-- source: public.organizations by id
select o.id as host_id, o.name ->> o.default_locale as name,
       -- Rails also has zones with names of its own, such as "Madrid".
       case when o.time_zone ~ '^(UTC|[A-Za-z]+/[A-Za-z_/]+)$' then o.time_zone end as time_zone
from public.organizations o
