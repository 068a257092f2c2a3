-- For each queue that has a due job, the seconds for which its oldest due job has been due.
-- :queues, their names as a JSON array in ASCII. Returns queue, seconds. It reads one job of each queue, by Lightpack's
-- index, which has them in the order of their times. A scalar subquery with a LIMIT: see due.sql.
SELECT queue, seconds FROM (
  SELECT asked.queue, (
    SELECT COALESCE(TIMESTAMPDIFF(MICROSECOND, scheduled_at, UTC_TIMESTAMP(6)), 0) / 1e6 - LEAST(scheduled_us, 999999) / 1e6
    FROM {jobs} FORCE INDEX (queue_status_scheduled_at_index)
    WHERE queue = asked.queue AND status = 'new'
    ORDER BY queue, scheduled_at
    LIMIT 1
  ) AS seconds
  FROM (
    SELECT queue COLLATE {collation} AS queue
    FROM JSON_TABLE(:queues, '$[*]' COLUMNS (queue varchar(55) CHARACTER SET utf8mb4 PATH '$')) AS names
  ) AS asked
) AS first
WHERE seconds >= 0 ORDER BY queue
