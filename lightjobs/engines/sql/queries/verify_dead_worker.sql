-- Workers whose lease ran out more than :late seconds ago and that hold jobs.
-- :late; :limit. Returns the name of each, and when its lease ran out.
SELECT id, expires_at FROM {job_workers} AS job_workers
WHERE expires_at < {unix} - :late
  AND EXISTS (SELECT 1 FROM {jobs} WHERE jobs.worker = job_workers.id AND jobs.status = 'queued')
ORDER BY id LIMIT :limit
