-- Extend a worker's lease.
-- :worker; :expires_at unix seconds. Returns 1; no row: the worker is no longer registered.
UPDATE job_workers SET expires_at = :expires_at WHERE id = :worker RETURNING 1
