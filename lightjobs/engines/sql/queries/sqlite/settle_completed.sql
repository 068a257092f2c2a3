-- Keep completed jobs.
-- :worker; :outcomes JSON [[id, fence], ...].
-- The + before worker keeps the planner to the primary key.
UPDATE jobs SET status = 'completed', worker = NULL, failed_at = {now}
WHERE status = 'queued' AND +worker = :worker AND (id, fence) IN (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER), json_extract(value, '$[1]') FROM json_each(:outcomes)
)
