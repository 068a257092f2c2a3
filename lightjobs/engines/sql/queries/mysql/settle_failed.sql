-- Keep failed jobs.
-- :tied, 0 to leave out jobs that something may follow; :worker; :outcomes JSON [[id, fence, error, exception], ...]. {where}: nothing, or {errors}.
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]', error LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]', exception LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'failed', jobs.worker = NULL, jobs.failed_at = {now}, jobs.exception = o.exception
    {where}
WHERE jobs.status = 'queued' AND jobs.worker = :worker
  AND (:tied = 1 OR jobs.batch_id IS NULL AND (jobs.options IS NULL OR jobs.options NOT LIKE '%"catch"%'))
