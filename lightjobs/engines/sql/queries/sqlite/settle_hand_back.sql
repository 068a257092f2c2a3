-- Put jobs back as if they had not been claimed.
-- :worker; :outcomes JSON [[id, fence], ...].
-- Both + keep the planner to the primary key, also when ANALYZE has seen a nearly empty table: through
-- jobs_held it read all outcomes again for each job (two minutes for 12,000).
UPDATE {jobs}
SET status = 'new', worker = NULL, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE +status = 'queued' AND +worker = :worker AND (id, fence) IN (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER), json_extract(value, '$[1]') FROM json_each(:outcomes)
)
