-- Put jobs back as if they had not been claimed.
-- :worker; :outcomes JSON [[id, fence], ...].
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'new', jobs.worker = NULL, jobs.attempts = CASE WHEN jobs.attempts > 0 THEN jobs.attempts - 1 ELSE 0 END
WHERE jobs.status = 'queued' AND jobs.worker = :worker
