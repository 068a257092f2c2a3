-- Extend a worker's lease.
-- :worker; :lease in seconds. Touches no row: the worker is no longer registered.
UPDATE job_workers SET expires_at = {unix} + :lease WHERE id = :worker
