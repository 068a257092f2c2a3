-- Waiting jobs, oldest first.
-- {where}: the status and the filters; :limit; :first and :all, a queue and false, or '' and true for all queues.
-- Returns the fields of a Stored.
-- It steps from queue to queue and from priority to priority in the index, and reads :limit jobs of each: to sort a
-- million takes a second.
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
SELECT {stored} FROM places CROSS JOIN {jobs} WHERE id IN (
  SELECT id FROM (
    SELECT id FROM {jobs} WHERE {where} AND queue = name AND priority = level AND group_key IS NULL
    ORDER BY scheduled_at, id LIMIT :limit
  )
  UNION ALL
  SELECT id FROM (
    SELECT id FROM {jobs} {by_time} WHERE {where} AND queue = name AND priority = level AND group_key IS NOT NULL
    ORDER BY scheduled_at, id LIMIT :limit
  )
)
ORDER BY scheduled_at, id LIMIT :limit
