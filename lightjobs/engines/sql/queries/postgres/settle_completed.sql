-- Keep completed jobs.
-- :worker; :outcomes JSON [[id, fence], ...].
UPDATE jobs SET status = 'completed', worker = NULL, failed_at = {now}
FROM json_array_elements(CAST(:outcomes AS json)) AS o
WHERE jobs.id = CAST(o ->> 0 AS bigint) AND jobs.fence = CAST(o ->> 1 AS integer)
  AND jobs.status = 'queued' AND jobs.worker = :worker
