-- Register a worker.
-- :worker; :lease in seconds.
INSERT INTO {job_workers} (id, expires_at) VALUES (:worker, {unix} + :lease)
