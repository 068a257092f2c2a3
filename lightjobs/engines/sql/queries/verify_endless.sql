-- Jobs that have ended without the time of their end: they never expire.
-- :limit. Returns the id and the status of each.
SELECT id, status FROM {jobs}
WHERE status IN ('failed', 'cancelled', 'completed') AND failed_at IS NULL
ORDER BY id LIMIT :limit
