-- Let jobs of a paused queue be claimed again.
-- :queue. Touches no row when it is not paused.
DELETE FROM {job_paused} WHERE queue = :queue
