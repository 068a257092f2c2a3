-- Lock the first due jobs of one group of a queue and priority; claimed.sql then names their worker.
-- :queue :priority :name :quota. {where}: nothing, or {skip} with :skip. Returns the fields of a Claim as they will be
-- then, and group_limit. See claim.sql. Not for several groups at once: a UNION with locks ends MariaDB 10.11.
SELECT CAST(id AS CHAR), {next_fence}, handler, queue, payload, {next_attempts}, recoveries, created_at, options,
  {waited}, group_limit
FROM {jobs} FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority AND group_key = :name
  AND scheduled_at <= {now} AND (scheduled_at < {now} OR scheduled_us <= {us})
  {where}
ORDER BY scheduled_at, scheduled_us, id
LIMIT :quota
FOR UPDATE SKIP LOCKED
