-- Keep failed jobs.
-- :worker; :outcomes JSON [[id, fence, exception], ...].
-- The outcomes are not joined with the jobs: if the last vacuum saw a nearly empty table, the planner
-- reads all outcomes again for each job (46 s for 12,000). With a list of ids it can use the primary
-- key only; IS TRUE keeps it away from the other indexes.
WITH given AS MATERIALIZED (
  SELECT array_agg(CAST(o ->> 0 AS bigint)) AS ids, jsonb_object_agg(concat(o ->> 0, ' ', o ->> 1), o -> 2) AS exceptions
  FROM json_array_elements(CAST(:outcomes AS json)) AS o
)
UPDATE jobs
SET status = 'failed', worker = NULL, failed_at = {now}, exception = (SELECT exceptions FROM given) ->> concat(id, ' ', fence)
WHERE id = ANY (CAST((SELECT ids FROM given) AS bigint[]))
  AND ((SELECT exceptions FROM given) ? concat(id, ' ', fence) AND status = 'queued' AND worker = :worker) IS TRUE
