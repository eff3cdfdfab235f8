-- key: host_id integer
-- source: public.conversations by id
select c.id as host_id from public.conversations c
