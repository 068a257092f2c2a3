-- Pause a queue: no jobs are claimed from it.
-- :queue. Touches no row when it is already paused.
INSERT IGNORE INTO {job_paused} (queue) VALUES (:queue)
