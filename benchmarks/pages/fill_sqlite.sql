-- Jobs of mixed statuses of 50 pairs of queue and handler, as they might have come about in 35 days.
-- :jobs, how many; :now, unix seconds.
-- In 100 jobs that follow each other there are 45 that wait, 5 of them delayed, 40 completed, 10 failed, 3 cancelled and
-- 2 paused. Every third failed job was failed by a text with its number in it.
INSERT INTO jobs (id, handler, queue, payload, status, attempts, exception, created_at, scheduled_at, failed_at, options, errors)
WITH RECURSIVE
n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs),
kinds AS (SELECT i, i / 50 * 37 % 100 AS kind, :now - (:jobs - i) * 3024000.0 / :jobs AS born FROM n),
jobs AS (
  SELECT i, kind, born, CASE
    WHEN kind < 45 THEN 'new' WHEN kind < 85 THEN 'completed' WHEN kind < 95 THEN 'failed'
    WHEN kind < 98 THEN 'cancelled' ELSE 'paused'
  END AS status
  FROM kinds
)
SELECT
  i, 'App\Jobs\Handler' || (i % 50), 'queue-' || (i % 10),
  '{"order":' || i || ',"customer":"' || hex(zeroblob(60)) || '","token":"secret"}',
  status, status IN ('completed', 'failed'),
  CASE WHEN status = 'failed' THEN
    CASE WHEN i % 3 = 0 THEN 'order ' || i || ' is gone' ELSE 'Error' || (i % 7) || ': order ' || i || ' was late' END
    || char(10) || char(10) || 'Traceback (most recent call last):' || char(10) || hex(zeroblob(500))
  END,
  datetime(born, 'unixepoch'),
  datetime(CASE WHEN kind >= 40 AND kind < 45 THEN :now + 60 + i % 86400 ELSE born END, 'unixepoch'),
  CASE WHEN status NOT IN ('new', 'paused') THEN datetime(born + 5, 'unixepoch') END,
  '{"attempts":3}',
  CASE WHEN status = 'failed' THEN '{"a":1,"at":1800000000,"s":1.5,"w":"host:1:2","k":"error","e":"late"}' END
FROM jobs
