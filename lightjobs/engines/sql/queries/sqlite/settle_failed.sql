-- Keep failed jobs.
-- :worker; :outcomes JSON [[id, fence, exception], ...].
-- Both + keep the planner to the primary key, also when ANALYZE has seen a nearly empty table: through
-- jobs_held it read all outcomes again for each job (two minutes for 12,000).
UPDATE jobs
SET status = 'failed', worker = NULL, failed_at = {now}, exception = json_extract(o.value, '$[2]')
FROM json_each(:outcomes) AS o
WHERE jobs.id = CAST(json_extract(o.value, '$[0]') AS INTEGER) AND jobs.fence = json_extract(o.value, '$[1]')
  AND +jobs.status = 'queued' AND +jobs.worker = :worker
