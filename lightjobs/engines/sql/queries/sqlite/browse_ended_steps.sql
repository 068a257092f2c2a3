-- Jobs that have ended, latest first.
-- :status; {where}: the status and the filters; :limit; :first and :all, a queue and false, or '' and true for all
-- queues. Returns the fields of a Stored.
-- It steps from queue to queue in the index, and reads :limit jobs of each: to sort a million takes a second.
WITH RECURSIVE queues (name) AS (
  SELECT (SELECT queue FROM {jobs} WHERE status NOT IN ('new', 'queued') AND status = :status AND queue >= :first ORDER BY queue LIMIT 1)
  UNION ALL
  SELECT (
    SELECT queue FROM {jobs} WHERE status NOT IN ('new', 'queued') AND status = :status AND queue > name ORDER BY queue LIMIT 1
  )
  FROM queues WHERE name IS NOT NULL AND :all
)
SELECT {stored} FROM queues CROSS JOIN {jobs} WHERE id IN (
  SELECT id FROM {jobs} WHERE {where} AND queue = name
  ORDER BY failed_at DESC, id DESC LIMIT :limit
)
ORDER BY failed_at DESC, id DESC LIMIT :limit
