-- Fail the jobs of a dead worker that have been put back too often.
-- :worker; :limit recoveries; :exception.
UPDATE jobs
SET status = 'failed', worker = NULL, exception = :exception, failed_at = {now}
WHERE worker = :worker AND status = 'queued' AND recoveries >= :limit
