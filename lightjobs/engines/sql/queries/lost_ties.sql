-- What follows the jobs of a dead worker that are about to fail.
-- :worker; :limit recoveries. Returns id, batch_id and options of those that may have something.
SELECT id, batch_id, options FROM {jobs}
WHERE worker = :worker AND status = 'queued' AND recoveries >= :limit AND (batch_id IS NOT NULL OR options LIKE '%"catch"%') IS TRUE
