-- Undo pause_queue.
-- :queue. Touches no row when it is not paused.
DELETE FROM job_paused WHERE queue = :queue
