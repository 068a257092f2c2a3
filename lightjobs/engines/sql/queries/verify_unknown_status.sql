-- Jobs whose status does not exist.
-- Those of jobs on their way to another store do. :limit. Returns the id and the status of each.
SELECT id, status FROM {jobs}
WHERE status NOT IN ('new', 'queued', 'failed', 'paused', 'cancelled', 'completed')
  AND status NOT LIKE 'moving %' AND status NOT LIKE 'staying %'
ORDER BY id LIMIT :limit
