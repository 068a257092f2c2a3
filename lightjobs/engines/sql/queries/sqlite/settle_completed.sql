-- Keep jobs that are done.
-- :worker (its + keeps the planner to the primary key); :outcomes JSON [[id, fence], ...].
UPDATE jobs SET status = 'completed', worker = NULL, failed_at = {now}
WHERE status = 'queued' AND +worker = :worker AND (id, fence) IN (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER), json_extract(value, '$[1]') FROM json_each(:outcomes)
)
