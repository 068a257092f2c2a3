-- Name the worker of jobs that this transaction has found.
-- :worker; :ids, a JSON list. Returns the fields of a Claim but `waited`; scheduled_at, scheduled_us, id.
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE {ids}
RETURNING {claim}, scheduled_at, scheduled_us, id
