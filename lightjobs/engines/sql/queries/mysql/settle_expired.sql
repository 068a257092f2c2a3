-- End jobs that were not started in time.
-- :tied, 0 to leave out jobs that something may follow; :worker; :outcomes JSON [[id, fence, exception], ...].
UPDATE
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]', exception LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
SET jobs.status = 'cancelled', jobs.worker = NULL, jobs.failed_at = {now}, jobs.exception = o.exception,
    jobs.attempts = CASE WHEN jobs.attempts > 0 THEN jobs.attempts - 1 ELSE 0 END
WHERE jobs.status = 'queued' AND jobs.worker = :worker
  AND (:tied = 1 OR jobs.batch_id IS NULL AND (jobs.options IS NULL OR jobs.options NOT LIKE '%"catch"%'))
