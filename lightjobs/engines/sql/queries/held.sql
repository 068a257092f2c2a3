-- All jobs that a worker has claimed and not settled.
-- :worker. Returns the fields of a Claim but `waited`.
SELECT {claim}
FROM {jobs} WHERE status = 'queued' AND worker = :worker
ORDER BY jobs.id
