-- Keep completed jobs.
-- :worker; :outcomes JSON [[id, fence], ...].
-- The outcomes are not joined with the jobs: if the last vacuum saw a nearly empty table, the planner
-- reads all outcomes again for each job (46 s for 12,000). With a list of ids it can use the primary
-- key only; IS TRUE keeps it away from the other indexes.
UPDATE {jobs} SET status = 'completed', worker = NULL, exception = NULL, failed_at = {now}
WHERE id = ANY (ARRAY (SELECT CAST(o ->> 0 AS bigint) FROM json_array_elements(CAST(:outcomes AS json)) AS o))
  AND ((id, fence) IN (SELECT CAST(o ->> 0 AS bigint), CAST(o ->> 1 AS integer) FROM json_array_elements(CAST(:outcomes AS json)) AS o)
    AND status = 'queued' AND worker = :worker) IS TRUE
