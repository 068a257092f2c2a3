-- For each queue that has a due job, the seconds for which its oldest due job has been due.
-- Returns queue, seconds. It steps from queue to queue and from priority to priority in the index, and reads the first
-- job of each, and the first of those that have a group. No min() and max(): a planner that knows of few jobs would read them all.
WITH RECURSIVE queues (name) AS (
  SELECT (SELECT queue FROM {jobs} WHERE status = 'new' ORDER BY queue LIMIT 1)
  UNION ALL
  SELECT (SELECT queue FROM {jobs} WHERE status = 'new' AND queue > name ORDER BY queue LIMIT 1)
  FROM queues WHERE name IS NOT NULL
), places (name, level) AS (
  SELECT name, (SELECT priority FROM {jobs} WHERE status = 'new' AND queue = name ORDER BY priority DESC LIMIT 1)
  FROM queues WHERE name IS NOT NULL
  UNION ALL
  SELECT name, (
    SELECT priority FROM {jobs} WHERE status = 'new' AND queue = name AND priority < level ORDER BY priority DESC LIMIT 1
  )
  FROM places WHERE level IS NOT NULL
), first (name, seconds) AS MATERIALIZED (
  SELECT name, (
    SELECT {waited} FROM {jobs}
    WHERE status = 'new' AND queue = name AND priority = level AND group_key IS NULL AND (scheduled_at, scheduled_us) <= ({now}, {us})
    ORDER BY group_key, scheduled_at, scheduled_us LIMIT 1
  ) FROM places WHERE level IS NOT NULL
  UNION ALL
  SELECT name, (
    SELECT {waited} FROM {jobs} {by_time}
    WHERE status = 'new' AND queue = name AND priority = level AND {has_group} AND (scheduled_at, scheduled_us) <= ({now}, {us})
    ORDER BY scheduled_at, scheduled_us LIMIT 1
  ) FROM places WHERE level IS NOT NULL
)
SELECT name, max(seconds) FROM first WHERE seconds IS NOT NULL GROUP BY name ORDER BY name
