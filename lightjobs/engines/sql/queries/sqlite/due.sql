-- The seconds until the first waiting job of one queue and priority is due.
-- :queue :priority. Returns them, negative in the past; no row: no job waits.
-- Text that is not a time counts as in claim.sql, which compares it as text: before now it is due, after now it never is.
SELECT COALESCE(
  CAST(strftime('%s', scheduled_at) AS REAL) - {unix} + scheduled_us / 1000000.0,
  CASE WHEN scheduled_at <= {now} THEN 0 ELSE 1e9 END
) FROM jobs
WHERE status = 'new' AND queue = :queue AND priority = :priority
  AND NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = :queue)
ORDER BY scheduled_at, scheduled_us
LIMIT 1
