-- The due time of the first waiting job of one queue and priority.
-- :queue :priority. Returns scheduled_at, scheduled_us; no row: none waits.
SELECT scheduled_at, scheduled_us FROM jobs
WHERE status = 'new' AND queue = :queue AND priority = :priority
ORDER BY scheduled_at, scheduled_us
LIMIT 1
