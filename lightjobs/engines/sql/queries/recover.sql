-- Put back the jobs of a dead worker: a recovery is spent, the attempt is not.
-- :worker. Returns their ids.
UPDATE jobs
SET status = 'new', worker = NULL, attempts = max(attempts - 1, 0), recoveries = recoveries + 1
WHERE worker = :worker AND status = 'queued'
RETURNING id
