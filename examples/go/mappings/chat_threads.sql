-- There are no conversations: the messages of a project are one.
-- key: host_id uuid
-- source: civic.projects by id
select p.id as host_id, p.id as project_id, p.title as topic from civic.projects p
