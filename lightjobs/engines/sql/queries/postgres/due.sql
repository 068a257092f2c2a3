-- The seconds until the first waiting job of several queues is due.
-- :queues and :priorities, arrays of equal length. Returns them, negative in the past; null: no job waits.
SELECT min(extract(epoch FROM first.scheduled_at) + first.scheduled_us / 1000000.0) - {unix}
FROM unnest(CAST(:queues AS text[]), CAST(:priorities AS integer[])) AS place (queue, priority)
CROSS JOIN LATERAL (
  SELECT scheduled_at, scheduled_us FROM jobs
  WHERE status = 'new' AND queue = place.queue AND priority = place.priority
  ORDER BY scheduled_at, scheduled_us
  LIMIT 1
) AS first
WHERE NOT EXISTS (SELECT 1 FROM job_paused WHERE job_paused.queue = place.queue)
