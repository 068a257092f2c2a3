-- Unregister a worker.
-- :worker.
DELETE FROM {job_workers} WHERE id = :worker
