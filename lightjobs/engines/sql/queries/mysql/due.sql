-- The seconds until the first waiting job of each queue and priority is due, for all queues in one look.
-- :queues, their names as a JSON array in ASCII. {where}: as in claim.sql. Returns first 0, 0, whether the server is
-- read-only and null; then the queue's place in the array, from 1 on, the priority, the seconds until the first job without
-- a group is due, negative in the past, null: none waits; and the last group, by name, that has waiting jobs, or null. No row:
-- no job waits, or the queue is paused. 0000-00-00, which is not a date, sorts before all others and counts as due, so that
-- its job does not hide those after it.
-- An empty queue costs a single look at the index. Scalar subqueries with a LIMIT, which no optimizer turns into a join: a
-- join might read every waiting job. ORDER BY begins with the queue and the priority, which are
-- the same in all rows, because MySQL would otherwise sort every waiting job; with the status, too, MariaDB 10.11 would.
SELECT 0 AS number, 0 AS priority, CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF') OR @@innodb_read_only <> 0 AS seconds, NULL AS grouped
UNION ALL
(SELECT place.number, level.priority, (
    SELECT COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at), 0) / 1000000 + LEAST(scheduled_us, 999999) / 1000000
    FROM {jobs} FORCE INDEX (jobs_claim)
    WHERE queue = place.queue AND status = 'new' AND priority = level.priority AND group_key IS NULL
      {where}
    ORDER BY queue, priority, scheduled_at, scheduled_us
    LIMIT 1
  ) AS seconds, (
    SELECT group_key FROM {jobs} FORCE INDEX (jobs_claim)
    WHERE queue = place.queue AND status = 'new' AND priority = level.priority
    ORDER BY queue DESC, priority DESC, group_key DESC, scheduled_at DESC, scheduled_us DESC
    LIMIT 1
  ) AS grouped
FROM (
  SELECT number, queue COLLATE {collation} AS queue
  FROM JSON_TABLE(:queues, '$[*]' COLUMNS (
    number FOR ORDINALITY, queue varchar(55) CHARACTER SET utf8mb4 PATH '$'
  )) AS asked
  WHERE (SELECT 1 FROM {jobs} FORCE INDEX (jobs_claim) WHERE jobs.queue = asked.queue COLLATE {collation} AND status = 'new' LIMIT 1) = 1
    AND (SELECT 1 FROM {job_paused} WHERE {job_paused}.queue = asked.queue COLLATE {collation} LIMIT 1) IS NULL
) AS place
CROSS JOIN (SELECT 2 AS priority UNION ALL SELECT 1 UNION ALL SELECT 0 UNION ALL SELECT -1 UNION ALL SELECT -2) AS level
HAVING seconds IS NOT NULL OR grouped IS NOT NULL)
