-- A batch without its counts.
-- :id. Returns id, name, parent, allow_failures, called, created_at, ended_at, cancelled_at.
SELECT id, name, parent, allow_failures, called, created_at, ended_at, cancelled_at FROM {job_batches} WHERE id = :id
