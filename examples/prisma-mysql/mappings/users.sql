SELECT u.id AS host_id, COALESCE(p.displayName, '') AS name, u.email, u.createdAt AS created_at
FROM User u LEFT JOIN Profile p ON p.userId = u.id
WHERE u.deletedAt IS NULL AND u.id IN (?)
