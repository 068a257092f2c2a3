-- Waiting jobs, oldest first.
-- {where}: the status and the filters; :limit; :first and :all, a queue and false, or '' and true for all queues.
-- Returns the fields of a Stored.
-- It steps from queue to queue and from priority to priority in the index, and reads :limit jobs of each: to sort a
-- million takes a second. WITH TIES, also all those of the last second: the index has them in another order, and a planner
-- that knows of no jobs would sort all for that.
WITH RECURSIVE queues (name) AS (
  SELECT (SELECT queue FROM {jobs} WHERE status = 'new' AND queue >= :first ORDER BY queue LIMIT 1)
  UNION ALL
  SELECT (SELECT queue FROM {jobs} WHERE status = 'new' AND queue > name ORDER BY queue LIMIT 1)
  FROM queues WHERE name IS NOT NULL AND :all
), places (name, level) AS (
  SELECT name, (SELECT priority FROM {jobs} WHERE status = 'new' AND queue = name ORDER BY priority DESC LIMIT 1)
  FROM queues WHERE name IS NOT NULL
  UNION ALL
  SELECT name, (
    SELECT priority FROM {jobs} WHERE status = 'new' AND queue = name AND priority < level ORDER BY priority DESC LIMIT 1
  )
  FROM places WHERE level IS NOT NULL
)
SELECT job.* FROM places CROSS JOIN LATERAL (
  SELECT * FROM (
    SELECT {stored} FROM {jobs} WHERE {where} AND queue = name AND priority = level AND group_key IS NULL
    ORDER BY group_key, scheduled_at FETCH FIRST (:limit) ROWS WITH TIES
  ) AS without
  UNION ALL
  SELECT * FROM (
    SELECT {stored} FROM {jobs} WHERE {where} AND queue = name AND priority = level AND (group_key IS NOT NULL) IS TRUE
    ORDER BY scheduled_at FETCH FIRST (:limit) ROWS WITH TIES
  ) AS grouped
) AS job
ORDER BY scheduled_at, id LIMIT :limit
