-- Fail the jobs of a dead worker that have been put back too often.
-- :worker; :limit recoveries; :exception; for {lost}: :head, :middle and :tail.
-- The recoveries begin again at 0: PHP does not know the column, and may retry the job.
UPDATE {jobs}
SET errors = {lost},
    status = 'failed', worker = NULL, recoveries = 0, exception = :exception, failed_at = {now}
WHERE worker = :worker AND status = 'queued' AND recoveries >= :limit
