-- Note that a worker knows of the end of a job that was cancelled under its hands, or ended there by PHP.
-- :id :worker.
UPDATE jobs SET worker = NULL WHERE id = :id AND worker = :worker AND status <> 'queued'
