-- Keep completed jobs with what their runs left.
-- :worker; :outcomes JSON [[id, fence, seconds or null, result or null], ...]: for how many seconds the job is kept on its own
-- account.
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]', seconds DOUBLE PATH '$[2]', result LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'completed', jobs.worker = NULL, jobs.exception = NULL, jobs.failed_at = {now},
    jobs.result = o.result, jobs.kept_until = {unix} + o.seconds
WHERE jobs.status = 'queued' AND jobs.worker = :worker
