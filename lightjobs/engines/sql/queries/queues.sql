-- The queues that have jobs with a status; looks at one row of its index for each.
-- {where}: the status.
WITH RECURSIVE found (queue) AS (
  SELECT min(queue) FROM jobs WHERE {where}
  UNION ALL
  SELECT (SELECT min(jobs.queue) FROM jobs WHERE {where} AND jobs.queue > found.queue)
  FROM found WHERE found.queue IS NOT NULL
)
SELECT queue FROM found WHERE queue IS NOT NULL
