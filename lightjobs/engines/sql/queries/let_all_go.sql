-- The same for all that were cancelled under a worker's hands.
-- :worker.
UPDATE jobs SET worker = NULL WHERE worker = :worker AND status = 'cancelled'
