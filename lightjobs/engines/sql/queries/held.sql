-- All jobs that a worker has claimed and not settled.
-- :worker. Returns the fields of a Claim but `waited`.
-- + 0: no planner with odd statistics reads the whole table in the order of its key, to spare the sorting of a few rows.
SELECT {claim}
FROM {jobs} WHERE status = 'queued' AND worker = :worker
ORDER BY jobs.id + 0
