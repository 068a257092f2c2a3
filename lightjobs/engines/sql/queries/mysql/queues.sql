-- The queues that have jobs, with any status: that is one row of an index for each.
WITH RECURSIVE found (queue) AS (
  SELECT min(queue) FROM jobs
  UNION ALL
  SELECT (SELECT min(jobs.queue) FROM jobs WHERE jobs.queue > found.queue)
  FROM found WHERE found.queue IS NOT NULL
)
SELECT queue FROM found WHERE queue IS NOT NULL
