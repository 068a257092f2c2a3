-- Lock the first due jobs of one queue and priority that have no group; claimed.sql then names their worker.
-- :queue :priority :limit. {where}: nothing, or {skip} with :skip, a list of handlers. Returns the fields of a Claim as they will be then.
-- ORDER BY follows the index to its end: otherwise MariaDB sorts, and to do so locks every waiting job.
SELECT CAST(id AS CHAR), {next_fence}, handler, queue, payload, {next_attempts}, recoveries, created_at, options,
  {waited}
FROM {jobs} FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority AND group_key IS NULL
  AND scheduled_at <= {now} AND (scheduled_at < {now} OR scheduled_us <= {us})
  {where}
ORDER BY scheduled_at, scheduled_us, id
LIMIT :limit
FOR UPDATE SKIP LOCKED
