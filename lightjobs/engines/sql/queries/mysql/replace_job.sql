-- Give a waiting job, which is locked, what another one would have brought.
-- :job JSON [id, payload, scheduled_at as text or null for now, scheduled_us, priority], packed.
UPDATE
JSON_TABLE(CONVERT(UNHEX(:job) USING utf8mb4), '$' COLUMNS (id BIGINT PATH '$[0]', payload LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]', due DATETIME PATH '$[2]', us INT PATH '$[3]', priority INT PATH '$[4]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id
SET jobs.payload = o.payload, jobs.scheduled_at = COALESCE(o.due, {now}), jobs.scheduled_us = o.us, jobs.priority = o.priority
WHERE jobs.status IN ('new', 'paused')
