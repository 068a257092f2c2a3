-- When jobs of groups are due.
-- :queues, an array. Returns, for each queue and priority where any wait: queue, priority, the seconds until the first is
-- due, negative in the past, and until the first that is not due yet, or null. Paused queues do not count.
SELECT asked.queue, level.priority, first.seconds, (
  SELECT extract(epoch FROM scheduled_at) + scheduled_us / 1000000.0 - {unix} FROM {jobs}
  WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE AND queue = asked.queue AND priority = level.priority
    AND (scheduled_at, scheduled_us) > ({now}, {us})
  ORDER BY scheduled_at, scheduled_us, id LIMIT 1
)
FROM unnest(CAST(:queues AS text[])) AS asked (queue)
CROSS JOIN unnest(ARRAY [2, 1, 0, -1, -2]) AS level (priority)
CROSS JOIN LATERAL (
  SELECT extract(epoch FROM scheduled_at) + scheduled_us / 1000000.0 - {unix} AS seconds FROM {jobs}
  WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE AND queue = asked.queue AND priority = level.priority
  ORDER BY scheduled_at, scheduled_us, id LIMIT 1
) AS first
WHERE NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = asked.queue)
