-- The seconds until the first waiting job of several queues is due, in one look.
-- :queues, an array. Returns the seconds, negative in the past, null: no job waits; how many of the queues' priorities
-- have waiting jobs; of jobs without a group. Whether the server is read-only, and whether jobs of groups wait. Paused
-- queues do not count.
-- An empty queue costs a single look at the index. LIMIT keeps the planner from making a join of that, which might read
-- every waiting job; ORDER BY keeps it to the index.
WITH place AS MATERIALIZED (
  SELECT asked.queue
  FROM unnest(CAST(:queues AS text[])) AS asked (queue)
  CROSS JOIN LATERAL (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = asked.queue
    ORDER BY priority DESC, group_key, scheduled_at, scheduled_us, id
    LIMIT 1
  ) AS any_job
  WHERE NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = asked.queue)
)
SELECT min(extract(epoch FROM first.scheduled_at) + first.scheduled_us / 1000000.0) - {unix}, count(*),
  CAST(current_setting('transaction_read_only') AS boolean), (
    SELECT true FROM place CROSS JOIN LATERAL (
      SELECT id FROM {jobs} WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE AND queue = place.queue
      ORDER BY priority DESC, scheduled_at, scheduled_us, id LIMIT 1
    ) AS any_job LIMIT 1
  )
FROM place
CROSS JOIN unnest(ARRAY [2, 1, 0, -1, -2]) AS level (priority)
CROSS JOIN LATERAL (
  SELECT scheduled_at, scheduled_us FROM {jobs}
  WHERE status = 'new' AND queue = place.queue AND priority = level.priority AND group_key IS NULL
  ORDER BY group_key, scheduled_at, scheduled_us
  LIMIT 1
) AS first
