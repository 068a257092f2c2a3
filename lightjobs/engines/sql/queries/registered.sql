-- Whether a worker is known; in a transaction it stays so until the end.
-- :worker. Returns 1; no row: it is not.
SELECT 1 FROM job_workers WHERE id = :worker {keep}
