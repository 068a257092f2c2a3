-- Batches without their counts, the latest first.
-- :created and :id: only those behind that place; :limit. Returns id, name, parent, allow_failures, called, created_at, ended_at, cancelled_at.
SELECT id, name, parent, allow_failures, called, created_at, ended_at, cancelled_at FROM {job_batches}
WHERE created_at <= :created AND (created_at < :created OR id < :id) ORDER BY created_at DESC, id DESC LIMIT :limit
