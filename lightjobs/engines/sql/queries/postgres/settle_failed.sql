-- Keep failed jobs.
-- :tied, 0 to leave out jobs that something may follow; :worker; :outcomes JSON [[id, fence, error, exception], ...]. {where}: nothing, or {errors}.
-- The outcomes are not joined with the jobs: if the last vacuum saw a nearly empty table, the planner
-- reads all outcomes again for each job (46 s for 12,000). With a list of ids it can use the primary
-- key only; IS TRUE keeps it away from the other indexes.
WITH given AS MATERIALIZED (
  SELECT array_agg(CAST(o ->> 0 AS bigint)) AS ids, jsonb_object_agg(concat(o ->> 0, ' ', o ->> 1), o) AS outcomes
  FROM json_array_elements(CAST(:outcomes AS json)) AS o
)
UPDATE {jobs}
SET status = 'failed', worker = NULL, failed_at = {now},
    exception = (SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 3
    {where}
WHERE id = ANY (CAST((SELECT ids FROM given) AS bigint[]))
  AND ((SELECT outcomes FROM given) ? concat(id, ' ', fence) AND status = 'queued' AND worker = :worker
    AND (:tied = 1 OR batch_id IS NULL AND (options IS NULL OR options NOT LIKE '%"catch"%'))) IS TRUE
