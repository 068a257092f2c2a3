-- Put jobs back, due at a given time.
-- :worker; :outcomes JSON [[id, fence, error, scheduled_at, scheduled_us, attempts, exception if there is one], ...]. {where}:
-- nothing, or {errors}.
-- The outcomes are not joined with the jobs: if the last vacuum saw a nearly empty table, the planner
-- reads all outcomes again for each job (46 s for 12,000). With a list of ids it can use the primary
-- key only; IS TRUE keeps it away from the other indexes.
WITH given AS MATERIALIZED (
  SELECT array_agg(CAST(o ->> 0 AS bigint)) AS ids, jsonb_object_agg(concat(o ->> 0, ' ', o ->> 1), o) AS outcomes
  FROM json_array_elements(CAST(:outcomes AS json)) AS o
)
UPDATE {jobs}
SET status = 'new', worker = NULL, failed_at = NULL,
    scheduled_at = CAST((SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 3 AS timestamp),
    scheduled_us = CAST((SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 4 AS integer),
    attempts = CAST((SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 5 AS integer),
    exception = (SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 6
    {where}
WHERE id = ANY (CAST((SELECT ids FROM given) AS bigint[]))
  AND ((SELECT outcomes FROM given) ? concat(id, ' ', fence) AND status = 'queued' AND worker = :worker) IS TRUE
