-- Put jobs back as if they had not been claimed.
-- :worker (its + keeps the planner to the primary key); :outcomes JSON [[id, fence], ...]. Returns id and fence of each accepted one.
UPDATE jobs
SET status = 'new', worker = NULL, attempts = max(attempts - 1, 0)
WHERE status = 'queued' AND +worker = :worker AND (id, fence) IN (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER), json_extract(value, '$[1]') FROM json_each(:outcomes)
)
RETURNING id, fence
