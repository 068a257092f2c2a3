-- Fail a job whose status does not exist, so that people see it and can retry it.
-- :name, its id; :exception.
UPDATE {jobs} SET status = 'failed', worker = NULL, failed_at = {now}, exception = :exception
WHERE id = :name AND (status NOT IN ('new', 'queued', 'failed', 'paused', 'cancelled', 'completed')) IS TRUE
