-- Jobs whose status does not exist.
-- :limit. Returns the id and the status of each.
SELECT id, status FROM jobs
WHERE status NOT IN ('new', 'queued', 'failed', 'paused', 'cancelled', 'completed')
ORDER BY id LIMIT :limit
