-- Put jobs back, due at a given time.
-- :worker; :outcomes JSON [[id, fence, error, scheduled_at, scheduled_us, attempts, exception if there is one], ...]. {where}:
-- nothing, or {errors}.
-- Both + keep the planner to the primary key, also when ANALYZE has seen a nearly empty table: through
-- jobs_held it read all outcomes again for each job (two minutes for 12,000).
UPDATE {jobs}
SET status = 'new', worker = NULL, failed_at = NULL,
    scheduled_at = json_extract(o.value, '$[3]'),
    scheduled_us = json_extract(o.value, '$[4]'),
    attempts = json_extract(o.value, '$[5]'),
    exception = json_extract(o.value, '$[6]')
    {where}
FROM json_each(:outcomes) AS o
WHERE jobs.id = CAST(json_extract(o.value, '$[0]') AS INTEGER) AND jobs.fence = json_extract(o.value, '$[1]')
  AND +jobs.status = 'queued' AND +jobs.worker = :worker
