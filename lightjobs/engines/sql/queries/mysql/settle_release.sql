-- Put jobs back, due at a given time.
-- :worker; :outcomes JSON [[id, fence, error, scheduled_at, scheduled_us, attempts, exception if there is one], ...]. {where}:
-- nothing, or {errors}.
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]', error LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]', due DATETIME PATH '$[3]', us INT PATH '$[4]', attempts INT PATH '$[5]', exception LONGTEXT CHARACTER SET utf8mb4 PATH '$[6]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'new', jobs.worker = NULL, jobs.exception = o.exception, jobs.failed_at = NULL,
    jobs.scheduled_at = o.due, jobs.scheduled_us = o.us, jobs.attempts = o.attempts
    {where}
WHERE jobs.status = 'queued' AND jobs.worker = :worker
