-- Jobs that ended, latest first.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
SELECT id, handler, queue, payload, status, attempts, priority, created_at, scheduled_at, exception, failed_at, recoveries, worker, options
FROM jobs WHERE {where}
ORDER BY failed_at DESC, id DESC LIMIT :limit
