-- Let nobody claim from a queue.
-- :queue. Touches no row when it is paused already.
INSERT IGNORE INTO job_paused (queue) VALUES (:queue)
