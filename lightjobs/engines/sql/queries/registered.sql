-- Whether a worker is registered; if so, it stays so until the transaction ends.
-- :worker. Returns 1, or no row.
SELECT 1 FROM {job_workers} WHERE id = :worker {keep}
