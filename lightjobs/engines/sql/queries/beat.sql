-- Extend a worker's lease.
-- :worker; :lease in seconds. Touches no row when the worker is not registered any more.
UPDATE job_workers SET expires_at = {unix} + :lease WHERE id = :worker
