-- Jobs that are held by a worker that is not registered.
-- :limit. Returns the id and the worker of each.
SELECT id, worker FROM {jobs}
WHERE worker IS NOT NULL AND status IN ('queued', 'cancelled')
  AND NOT EXISTS (SELECT 1 FROM {job_workers} AS job_workers WHERE job_workers.id = jobs.worker)
ORDER BY id LIMIT :limit
