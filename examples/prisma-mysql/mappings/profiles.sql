SELECT p.userId AS host_id, p.userId AS user_id, COALESCE(p.bio, '') AS bio, DATE_FORMAT(p.birthdate, '%Y-%m-%d') AS birth_date,
       NULLIF(LOWER(p.gender), 'unspecified') AS gender, p.locationText AS location_text,
       p.lat AS latitude, p.lng AS longitude, p.isVisible AS visible, u.deletedAt AS deleted_at
FROM Profile p JOIN User u ON u.id = p.userId
WHERE p.userId IN (?)
