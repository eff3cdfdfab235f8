-- Granted access is to follow somebody. What was revoked or canceled is none.
SELECT a.id AS host_id, a.ownerUserId AS owner_id, a.viewerUserId AS viewer_id, LOWER(a.status) AS status
FROM ProfileAccess a
WHERE a.status IN ('PENDING', 'GRANTED', 'DENIED') AND a.id IN (?)
