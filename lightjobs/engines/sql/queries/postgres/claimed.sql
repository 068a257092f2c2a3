-- Claim jobs by their ids, but for those that others have claimed or locked.
-- :worker; :ids. Returns the fields of a Claim but `waited`; scheduled_at, scheduled_us, id, and the time in unix seconds. No rows also
-- if the worker is not registered.
-- By primary key, to which IS TRUE keeps the planner. For the rest see claim.sql.
WITH due AS MATERIALIZED (
  SELECT id FROM {jobs} WHERE {ids} AND (status = 'new' AND (scheduled_at, scheduled_us) <= ({now}, {us})) IS TRUE
  FOR UPDATE SKIP LOCKED
), me AS MATERIALIZED (
  SELECT id FROM {job_workers} WHERE id = :worker AND EXISTS (SELECT 1 FROM due) FOR KEY SHARE
)
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id = ANY (ARRAY (SELECT due.id FROM me CROSS JOIN due))
RETURNING {claim}, scheduled_at, scheduled_us, id, date_part('epoch', now())
