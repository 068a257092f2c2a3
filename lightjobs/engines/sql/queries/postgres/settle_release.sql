-- Put jobs back, due at a given time.
-- :worker; :outcomes JSON [[id, fence, scheduled_at, scheduled_us, attempts], ...].
-- IS TRUE keeps the planner to the primary key.
UPDATE jobs
SET status = 'new', worker = NULL, exception = NULL, failed_at = NULL,
    scheduled_at = CAST(o ->> 2 AS timestamp),
    scheduled_us = CAST(o ->> 3 AS integer),
    attempts = CAST(o ->> 4 AS integer)
FROM json_array_elements(CAST(:outcomes AS json)) AS o
WHERE jobs.id = CAST(o ->> 0 AS bigint) AND jobs.fence = CAST(o ->> 1 AS integer)
  AND (jobs.status = 'queued' AND jobs.worker = :worker) IS TRUE
