-- End jobs that were not started in time.
-- :tied, 0 to leave out jobs that something may follow; :worker; :outcomes JSON [[id, fence, exception], ...].
-- Both + keep the planner to the primary key, also when ANALYZE has seen a nearly empty table: through
-- jobs_held it read all outcomes again for each job (two minutes for 12,000).
UPDATE {jobs}
SET status = 'cancelled', worker = NULL, failed_at = {now}, exception = json_extract(o.value, '$[2]'),
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
FROM json_each(:outcomes) AS o
WHERE jobs.id = CAST(json_extract(o.value, '$[0]') AS INTEGER) AND jobs.fence = json_extract(o.value, '$[1]')
  AND +jobs.status = 'queued' AND +jobs.worker = :worker
  AND (:tied = 1 OR jobs.batch_id IS NULL AND (jobs.options IS NULL OR jobs.options NOT LIKE '%"catch"%'))
