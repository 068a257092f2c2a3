-- Keep failed jobs.
-- :worker; :outcomes JSON [[id, fence, exception], ...].
-- IS TRUE keeps the planner to the primary key.
UPDATE jobs
SET status = 'failed', worker = NULL, failed_at = {now}, exception = o ->> 2
FROM json_array_elements(CAST(:outcomes AS json)) AS o
WHERE jobs.id = CAST(o ->> 0 AS bigint) AND jobs.fence = CAST(o ->> 1 AS integer)
  AND (jobs.status = 'queued' AND jobs.worker = :worker) IS TRUE
