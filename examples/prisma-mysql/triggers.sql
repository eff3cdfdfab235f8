-- What is added to the platform: three tables, and triggers that write one of them. uninstall.sql drops all of it.
CREATE TABLE Changed (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  mapping VARCHAR(191) NOT NULL,
  hostId VARCHAR(191) NOT NULL,
  backfill BOOLEAN NOT NULL DEFAULT false
);

CREATE TABLE Sent (
  id INT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL
);
INSERT INTO Sent (id, version) VALUES (1, 0);

CREATE TABLE Outbox (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  eventType VARCHAR(191) NOT NULL,
  actorId BIGINT,
  threadId BIGINT,
  payload JSON NOT NULL,
  occurredAt DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  rejectedBecause TEXT
);

-- Notes which rows have changed, in the transaction that changes them, however they are written.
-- `mapping` is the file in mappings/ that they belong to.
CREATE TRIGGER User_insert AFTER INSERT ON User FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', NEW.id);
CREATE TRIGGER User_update AFTER UPDATE ON User FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', NEW.id), ('profiles', NEW.id);
CREATE TRIGGER User_delete AFTER DELETE ON User FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', OLD.id);

CREATE TRIGGER Profile_insert AFTER INSERT ON Profile FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', NEW.userId), ('profiles', NEW.userId);
CREATE TRIGGER Profile_update AFTER UPDATE ON Profile FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', NEW.userId), ('profiles', NEW.userId);
CREATE TRIGGER Profile_delete AFTER DELETE ON Profile FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('users', OLD.userId), ('profiles', OLD.userId);

CREATE TRIGGER UserBlock_insert AFTER INSERT ON UserBlock FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('user_blocks', CONCAT(NEW.blockerId, '-', NEW.blockedId));
CREATE TRIGGER UserBlock_delete AFTER DELETE ON UserBlock FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('user_blocks', CONCAT(OLD.blockerId, '-', OLD.blockedId));

CREATE TRIGGER ProfileAccess_insert AFTER INSERT ON ProfileAccess FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('profile_access', NEW.id);
CREATE TRIGGER ProfileAccess_update AFTER UPDATE ON ProfileAccess FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('profile_access', NEW.id);
CREATE TRIGGER ProfileAccess_delete AFTER DELETE ON ProfileAccess FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('profile_access', OLD.id);

CREATE TRIGGER Post_insert AFTER INSERT ON Post FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('posts', NEW.id);
CREATE TRIGGER Post_update AFTER UPDATE ON Post FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('posts', NEW.id);
CREATE TRIGGER Post_delete AFTER DELETE ON Post FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('posts', OLD.id);

CREATE TRIGGER Conversation_insert AFTER INSERT ON Conversation FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('chat_threads', NEW.id),
    ('chat_thread_participants', CONCAT(NEW.id, '-', NEW.userAId)), ('chat_thread_participants', CONCAT(NEW.id, '-', NEW.userBId));
CREATE TRIGGER Conversation_delete AFTER DELETE ON Conversation FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('chat_threads', OLD.id),
    ('chat_thread_participants', CONCAT(OLD.id, '-', OLD.userAId)), ('chat_thread_participants', CONCAT(OLD.id, '-', OLD.userBId));

CREATE TRIGGER Message_insert AFTER INSERT ON Message FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('messages', NEW.id);
CREATE TRIGGER Message_update AFTER UPDATE ON Message FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('messages', NEW.id);
CREATE TRIGGER Message_delete AFTER DELETE ON Message FOR EACH ROW
  INSERT INTO Changed (mapping, hostId) VALUES ('messages', OLD.id);

-- The rows that exist already. Marked as old, they make nobody be notified of years of unread messages.
INSERT INTO Changed (mapping, hostId, backfill)
  SELECT 'users', id, true FROM User
  UNION ALL SELECT 'profiles', userId, true FROM Profile
  UNION ALL SELECT 'user_blocks', CONCAT(blockerId, '-', blockedId), true FROM UserBlock
  UNION ALL SELECT 'profile_access', id, true FROM ProfileAccess
  UNION ALL SELECT 'posts', id, true FROM Post
  UNION ALL SELECT 'chat_threads', id, true FROM Conversation
  UNION ALL SELECT 'chat_thread_participants', CONCAT(id, '-', userAId), true FROM Conversation
  UNION ALL SELECT 'chat_thread_participants', CONCAT(id, '-', userBId), true FROM Conversation
  UNION ALL SELECT 'messages', id, true FROM Message;
