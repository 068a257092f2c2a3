-- Keep failed jobs.
-- :worker; :outcomes JSON [[id, fence, exception], ...].
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]', exception LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]')) AS o
STRAIGHT_JOIN jobs FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'failed', jobs.worker = NULL, jobs.failed_at = {now}, jobs.exception = o.exception
WHERE jobs.status = 'queued' AND jobs.worker = :worker
