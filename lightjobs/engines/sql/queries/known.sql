-- Whether a worker is registered just now. Unlike registered.sql it locks no row, and so writes nothing.
-- :worker. Returns 1, or no row.
SELECT 1 FROM {job_workers} WHERE id = :worker
