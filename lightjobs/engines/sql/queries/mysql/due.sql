-- In how many seconds the first waiting job of one queue and priority is due.
-- :place, given back; :queue :priority. Returns both, negative for the past; no row: none waits.
(SELECT :place, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at) / 1000000 + scheduled_us / 1000000
FROM jobs FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority
  AND NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = :queue)
ORDER BY scheduled_at, scheduled_us
LIMIT 1)
