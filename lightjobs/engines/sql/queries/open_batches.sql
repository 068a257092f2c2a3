-- Batches that have not ended.
-- :after, an id; :limit. Returns their ids in order.
SELECT id FROM {job_batches} WHERE ended_at IS NULL AND id > :after ORDER BY id LIMIT :limit
