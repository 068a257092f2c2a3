-- Remove a dead worker's name from the jobs that were cancelled while it ran them, or that PHP ended.
-- :worker.
UPDATE {jobs} SET worker = NULL WHERE worker = :worker AND status <> 'queued'
