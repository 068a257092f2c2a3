-- Keep completed jobs with what their runs left.
-- :worker; :outcomes JSON [[id, fence, seconds or null, result or null], ...]: for how many seconds the job is kept on its own
-- account.
-- The outcomes are not joined with the jobs: if the last vacuum saw a nearly empty table, the planner
-- reads all outcomes again for each job (46 s for 12,000). With a list of ids it can use the primary
-- key only; IS TRUE keeps it away from the other indexes.
WITH given AS MATERIALIZED (
  SELECT array_agg(CAST(o ->> 0 AS bigint)) AS ids, jsonb_object_agg(concat(o ->> 0, ' ', o ->> 1), o) AS outcomes
  FROM json_array_elements(CAST(:outcomes AS json)) AS o
)
UPDATE {jobs}
SET status = 'completed', worker = NULL, exception = NULL, failed_at = {now},
    result = (SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 3,
    kept_until = {unix} + CAST((SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 2 AS double precision)
WHERE id = ANY (CAST((SELECT ids FROM given) AS bigint[]))
  AND ((SELECT outcomes FROM given) ? concat(id, ' ', fence) AND status = 'queued' AND worker = :worker) IS TRUE
