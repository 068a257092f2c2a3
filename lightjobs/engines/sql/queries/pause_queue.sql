-- Let nobody claim from a queue.
-- :queue. Touches no row when it is paused already.
INSERT INTO job_paused (queue) VALUES (:queue) ON CONFLICT (queue) DO NOTHING
