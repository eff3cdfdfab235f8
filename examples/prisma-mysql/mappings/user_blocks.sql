SELECT CONCAT(b.blockerId, '-', b.blockedId) AS host_id, b.blockerId AS blocker_id, b.blockedId AS blocked_id
FROM UserBlock b
WHERE CONCAT(b.blockerId, '-', b.blockedId) IN (?)
