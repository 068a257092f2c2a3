-- The seconds until the first waiting job of one queue and priority is due.
-- :place, returned as it is; :queue :priority. {where}: as in claim.sql. Returns the place and the seconds, negative in the past; no row: no job
-- waits. 0000-00-00, which is not a date, sorts before all others and counts as due, so that its job does not hide those
-- after it.
(SELECT :place, COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at), 0) / 1000000 + LEAST(scheduled_us, 999999) / 1000000
FROM jobs FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority
  {where}
  AND NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = :queue)
ORDER BY scheduled_at, scheduled_us
LIMIT 1)
