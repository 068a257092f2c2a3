-- Fail the jobs of a dead worker that have been put back too often.
-- :worker; :limit recoveries; :exception.
-- PHP, when it retries a job, knows nothing of recoveries: it has them back now.
UPDATE jobs
SET status = 'failed', worker = NULL, recoveries = 0, exception = :exception, failed_at = {now}
WHERE worker = :worker AND status = 'queued' AND recoveries >= :limit
