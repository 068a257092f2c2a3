-- Jobs that wait, run or are paused, oldest first.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
SELECT id, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), status, attempts, priority, created_at, scheduled_at, exception, failed_at, recoveries, worker, options
FROM jobs WHERE {where}
ORDER BY scheduled_at, id LIMIT :limit
