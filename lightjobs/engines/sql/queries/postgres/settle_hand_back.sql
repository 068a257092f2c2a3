-- Put jobs back as if they had not been claimed.
-- :worker; :outcomes JSON [[id, fence], ...].
-- IS TRUE keeps the planner to the primary key.
UPDATE jobs
SET status = 'new', worker = NULL, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
FROM json_array_elements(CAST(:outcomes AS json)) AS o
WHERE jobs.id = CAST(o ->> 0 AS bigint) AND jobs.fence = CAST(o ->> 1 AS integer)
  AND (jobs.status = 'queued' AND jobs.worker = :worker) IS TRUE
