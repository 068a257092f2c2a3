-- The same for all that were cancelled under a worker's hands, or ended there by PHP.
-- :worker.
UPDATE jobs SET worker = NULL WHERE worker = :worker AND status <> 'queued'
