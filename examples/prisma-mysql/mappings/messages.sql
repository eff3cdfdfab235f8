SELECT m.id AS host_id, m.conversationId AS thread_id, m.senderId AS sender_id, m.body, m.createdAt AS created_at
FROM Message m
WHERE m.deletedAt IS NULL AND m.id IN (?)
