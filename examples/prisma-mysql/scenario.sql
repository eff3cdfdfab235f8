-- What the application writes, one transaction per request. An event stands in the transaction of its rows, as in
--   prisma.$transaction([prisma.message.create(...), prisma.outbox.create(...)])
-- Each pause is long enough for the service to finish, so that every step shows what it alone leads to.

-- Dora signs up, and follows Ada.
START TRANSACTION;
INSERT INTO User (id, email) VALUES (14, 'dora@example.com');
INSERT INTO Profile (userId, displayName) VALUES (14, 'Dora');
INSERT INTO ProfileAccess (ownerUserId, viewerUserId, status) VALUES (11, 14, 'GRANTED');
INSERT INTO Outbox (eventType, payload) VALUES ('user.created', '{"user_id": 14}'), ('follow.changed', '{"owner_id": 11, "viewer_id": 14}');
COMMIT;
DO SLEEP(2);

-- Ada writes a post for those who follow her.
START TRANSACTION;
INSERT INTO Post (id, userId, visibility, text) VALUES (21, 11, 'PRIVATE', 'The plum trees are in bloom.');
INSERT INTO Outbox (eventType, actorId, payload) VALUES ('post.created', 11, '{"post_id": 21}');
COMMIT;
DO SLEEP(2);

-- Ada writes to Ben.
START TRANSACTION;
INSERT INTO Conversation (id, userAId, userBId) VALUES (31, 11, 12);
INSERT INTO Message (id, conversationId, senderId, body) VALUES (41, 31, 11, 'Hello @[Ben](user:12), will you come?');
INSERT INTO Outbox (eventType, actorId, threadId, payload) VALUES ('chat_message_sent', 11, 31, '{"message_id": 41}');
COMMIT;
DO SLEEP(2);

-- Ada changes her name, and writes again.
START TRANSACTION;
UPDATE Profile SET displayName = 'Ada L.' WHERE userId = 11;
INSERT INTO Message (id, conversationId, senderId, body) VALUES (42, 31, 11, 'Or you, @[Ben](user:12)?');
INSERT INTO Outbox (eventType, actorId, threadId, payload) VALUES ('chat_message_sent', 11, 31, '{"message_id": 42}');
COMMIT;
DO SLEEP(2);

-- Ben blocks Cleo, whom he follows. Neither is shown the other any more.
START TRANSACTION;
INSERT INTO UserBlock (blockerId, blockedId) VALUES (12, 13);
INSERT INTO Outbox (eventType, payload) VALUES ('user.blocked', '{"user_id": 12, "blocked_user_id": 13}');
COMMIT;
DO SLEEP(2);

-- Eve deletes her account. Ada's message to her notifies nobody.
START TRANSACTION;
UPDATE User SET deletedAt = UTC_TIMESTAMP(3) WHERE id = 15;
INSERT INTO Outbox (eventType, payload) VALUES ('user.deleted', '{"user_id": 15}');
INSERT INTO Conversation (id, userAId, userBId) VALUES (32, 11, 15);
INSERT INTO Message (id, conversationId, senderId, body) VALUES (43, 32, 11, 'Are you there, @[Eve](user:15)?');
INSERT INTO Outbox (eventType, actorId, threadId, payload) VALUES ('chat_message_sent', 11, 32, '{"message_id": 43}');
COMMIT;
DO SLEEP(2);
