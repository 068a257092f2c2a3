-- As fill_sqlite.sql.
-- %(jobs)s, how many; %(now)s, unix seconds.
INSERT INTO jobs (id, handler, queue, payload, status, attempts, exception, created_at, scheduled_at, failed_at, options, errors)
WITH kinds AS (
  SELECT i, i / 50 * 37 %% 100 AS kind,
    to_timestamp(%(now)s - (%(jobs)s - i) * 3024000.0 / %(jobs)s) AT TIME ZONE 'UTC' AS born
  FROM generate_series(1, %(jobs)s) AS i
),
jobs AS (
  SELECT i, kind, born, CASE
    WHEN kind < 45 THEN 'new' WHEN kind < 85 THEN 'completed' WHEN kind < 95 THEN 'failed'
    WHEN kind < 98 THEN 'cancelled' ELSE 'paused'
  END AS status
  FROM kinds
)
SELECT
  i, 'App\Jobs\Handler' || i %% 50, 'queue-' || i %% 10,
  '{"order":' || i || ',"customer":"' || repeat('00', 60) || '","token":"secret"}',
  status, CAST(status IN ('completed', 'failed') AS integer),
  CASE WHEN status = 'failed' THEN
    CASE WHEN i %% 3 = 0 THEN 'order ' || i || ' is gone' ELSE 'Error' || i %% 7 || ': order ' || i || ' was late' END
    || chr(10) || chr(10) || 'Traceback (most recent call last):' || chr(10) || repeat('00', 500)
  END,
  born,
  CASE WHEN kind BETWEEN 40 AND 44
    THEN to_timestamp(%(now)s + 60 + i %% 86400) AT TIME ZONE 'UTC' ELSE born END,
  CASE WHEN status NOT IN ('new', 'paused') THEN born + interval '5 seconds' END,
  '{"attempts":3}',
  CASE WHEN status = 'failed' THEN '{"a":1,"at":1800000000,"s":1.5,"w":"host:1:2","k":"error","e":"late"}' END
FROM jobs
