-- In how many seconds the first waiting job of one queue and priority is due.
-- :place, given back; :queue :priority. Returns both, negative for the past; no row: none waits.
-- A date that is none, 0000-00-00, is before all others: due. The first job must not hide those behind it.
(SELECT :place, COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at), 0) / 1000000 + LEAST(scheduled_us, 999999) / 1000000
FROM jobs FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority
  AND NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = :queue)
ORDER BY scheduled_at, scheduled_us
LIMIT 1)
