-- Remove a dead worker's name from the jobs that were cancelled while it ran them.
-- :worker.
UPDATE {jobs} SET worker = NULL WHERE worker = :worker AND status = 'cancelled'
