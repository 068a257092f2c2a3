-- Delete jobs that are done.
-- :worker (its IS TRUE keeps the planner to the primary key); :outcomes JSON [[id, fence], ...].
DELETE FROM jobs USING json_array_elements(CAST(:outcomes AS json)) AS o
WHERE jobs.id = CAST(o ->> 0 AS bigint) AND jobs.fence = CAST(o ->> 1 AS integer)
  AND (jobs.status = 'queued' AND jobs.worker = :worker) IS TRUE
