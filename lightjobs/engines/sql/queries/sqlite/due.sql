-- The seconds until the first waiting job of several queues is due, in one look.
-- :queues, their names as a JSON array. Returns the seconds, negative in the past, null: no job waits; and how many of the
-- queues' priorities have waiting jobs without a group; and whether jobs of groups wait. Paused queues do not count. An empty queue costs a single look at the index.
-- Text that is not a time counts as in claim.sql, which compares it as text: before now it is due, after now it never is.
WITH found AS MATERIALIZED (
  SELECT (
    SELECT COALESCE(
      CAST(strftime('%s', scheduled_at) AS REAL) - {unix} + scheduled_us / 1000000.0,
      CASE WHEN scheduled_at <= {now} THEN 0 ELSE 1e9 END
    ) FROM {jobs}
    WHERE status = 'new' AND queue = place.value AND priority = level.priority AND group_key IS NULL
    ORDER BY scheduled_at, scheduled_us
    LIMIT 1
  ) AS seconds
  FROM json_each(:queues) AS place
  CROSS JOIN (SELECT 2 AS priority UNION ALL SELECT 1 UNION ALL SELECT 0 UNION ALL SELECT -1 UNION ALL SELECT -2) AS level
  WHERE EXISTS (SELECT 1 FROM {jobs} WHERE status = 'new' AND queue = place.value)
    AND NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = place.value)
)
SELECT min(seconds), count(seconds), EXISTS (
  SELECT 1 FROM json_each(:queues) AS place
  WHERE EXISTS (SELECT 1 FROM {jobs} {by_time} WHERE status = 'new' AND group_key IS NOT NULL AND queue = place.value)
) FROM found
