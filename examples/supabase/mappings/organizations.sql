-- key: host_id uuid
-- source: public.orgs by id
select o.id as host_id, o.name from public.orgs o
