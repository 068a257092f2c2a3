-- In how many seconds the first waiting job of one queue and priority is due.
-- :queue :priority. Returns it, negative for the past; no row: none waits.
-- Text that is no time counts as claim.sql sees it: it may sort before now, or after any time.
SELECT COALESCE(
  CAST(strftime('%s', scheduled_at) AS REAL) - {unix} + scheduled_us / 1000000.0,
  CASE WHEN scheduled_at <= {now} THEN 0 ELSE 1e9 END
) FROM jobs
WHERE status = 'new' AND queue = :queue AND priority = :priority
  AND NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = :queue)
ORDER BY scheduled_at, scheduled_us
LIMIT 1
