-- Extend a worker's lease.
-- :worker; :lease in seconds; :note, null: the former one stays. Touches no row when the worker is not registered any more.
UPDATE {job_workers} SET expires_at = {unix} + :lease, note = COALESCE(:note, note) WHERE id = :worker
