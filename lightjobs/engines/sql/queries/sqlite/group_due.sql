-- When jobs of groups are due.
-- :queues, their names as a JSON array. Returns, for each queue and priority where any wait: queue, priority, the seconds
-- until the first is due, negative in the past, and until the first that is not due yet, or null. Paused queues do not count.
WITH level (priority) AS (VALUES (2), (1), (0), (-1), (-2)), first AS MATERIALIZED (
  SELECT asked.value AS queue, level.priority, (
    SELECT COALESCE(CAST(strftime('%s', scheduled_at) AS REAL) - {unix} + scheduled_us / 1000000.0,
      CASE WHEN scheduled_at <= {now} THEN 0 ELSE 1e9 END) FROM {jobs} {by_time}
    WHERE status = 'new' AND group_key IS NOT NULL AND queue = asked.value AND priority = level.priority
    ORDER BY scheduled_at, scheduled_us, id LIMIT 1
  ) AS seconds
  FROM json_each(:queues) AS asked CROSS JOIN level
  WHERE NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = asked.value)
)
SELECT queue, priority, seconds, (
  SELECT COALESCE(CAST(strftime('%s', scheduled_at) AS REAL) - {unix} + scheduled_us / 1000000.0,
      CASE WHEN scheduled_at <= {now} THEN 0 ELSE 1e9 END) FROM {jobs} {by_time}
  WHERE status = 'new' AND group_key IS NOT NULL AND queue = first.queue AND priority = first.priority
    AND (scheduled_at, scheduled_us) > ({now}, {us})
  ORDER BY scheduled_at, scheduled_us, id LIMIT 1
)
FROM first WHERE seconds IS NOT NULL
