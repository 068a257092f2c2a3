-- How many jobs of each group of a queue run.
-- :queue. Returns name, count, and whether any of them has a limit.
SELECT group_key, COUNT(*), MAX(group_limit) IS NOT NULL FROM {jobs} FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'queued' AND group_key IS NOT NULL
GROUP BY group_key
