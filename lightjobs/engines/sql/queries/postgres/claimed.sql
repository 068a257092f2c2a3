-- Name the worker of jobs that this transaction has locked.
-- :worker; :ids. Returns the fields of a Claim but `waited`; scheduled_at, scheduled_us, id, and the time in unix seconds.
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE {ids}
RETURNING {claim}, scheduled_at, scheduled_us, id, date_part('epoch', now())
