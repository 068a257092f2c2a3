-- Put back a claimed job that names no worker.
-- :name, its id.
UPDATE {jobs}
SET status = 'new', fence = {next_fence}, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE id = :name AND (status = 'queued' AND worker IS NULL) IS TRUE
