-- A conversation has two users in one row, and so two participants.
SELECT CONCAT(c.id, '-', u.id) AS host_id, c.id AS thread_id, u.id AS user_id
FROM Conversation c JOIN User u ON u.id IN (c.userAId, c.userBId)
WHERE CONCAT(c.id, '-', u.id) IN (?)
