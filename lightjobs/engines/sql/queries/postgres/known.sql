-- Whether a worker is known just now; unlike registered.sql it locks, and so writes, nothing.
-- :worker. Returns 1; no row: it is not.
SELECT 1 FROM job_workers WHERE id = :worker
