-- There are no organizations: the role of the administrators, which has the id 1, stands for the only one.
-- key: host_id integer
-- source: civic.roles by id
select r.id as host_id, 'Civic' as name from civic.roles r where r.id = 1
