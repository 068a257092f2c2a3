-- Lock a worker's row to extend its lease, unless another transaction has locked it.
-- :worker. Returns 1; no row: the row is locked, or the worker is not registered.
SELECT 1 FROM {job_workers} WHERE id = :worker {change}
