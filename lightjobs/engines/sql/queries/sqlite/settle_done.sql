-- Delete completed jobs.
-- :worker; :outcomes JSON [[id, fence], ...].
-- Both + keep the planner to the primary key, also when ANALYZE has seen a nearly empty table: through
-- jobs_held it read all outcomes again for each job (two minutes for 12,000).
DELETE FROM {jobs}
WHERE +status = 'queued' AND +worker = :worker AND (id, fence) IN (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER), json_extract(value, '$[1]') FROM json_each(:outcomes)
)
