SELECT p.id AS host_id, p.userId AS author_id, LOWER(p.visibility) AS visibility, COALESCE(p.text, '') AS body,
       p.createdAt AS created_at, p.deletedAt AS deleted_at
FROM Post p
WHERE p.id IN (?)
