SELECT c.id AS host_id
FROM Conversation c
WHERE c.id IN (?)
