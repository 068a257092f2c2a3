-- One job as it is stored.
-- :id. Returns the fields of a Stored; no row: there is none.
SELECT id, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), status, attempts, priority, created_at, scheduled_at, exception, failed_at, recoveries, worker, options
FROM jobs WHERE id = :id
