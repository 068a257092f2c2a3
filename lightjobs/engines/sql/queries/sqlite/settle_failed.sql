-- Keep failed jobs.
-- :worker; :outcomes JSON [[id, fence, exception], ...].
-- The + before worker keeps the planner to the primary key.
UPDATE jobs
SET status = 'failed', worker = NULL, failed_at = {now}, exception = json_extract(o.value, '$[2]')
FROM json_each(:outcomes) AS o
WHERE jobs.id = CAST(json_extract(o.value, '$[0]') AS INTEGER) AND jobs.fence = json_extract(o.value, '$[1]')
  AND jobs.status = 'queued' AND +jobs.worker = :worker
