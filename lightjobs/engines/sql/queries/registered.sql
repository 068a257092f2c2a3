-- Whether a worker is known.
-- :worker. Returns 1; no row: it is not.
SELECT 1 FROM job_workers WHERE id = :worker
