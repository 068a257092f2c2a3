-- Make a worker known.
-- :worker; :expires_at unix seconds.
INSERT INTO job_workers (id, expires_at) VALUES (:worker, :expires_at)
