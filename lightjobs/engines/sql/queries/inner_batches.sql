-- The batches that are part of a batch.
-- :parent. Returns their ids.
SELECT id FROM {job_batches} WHERE parent = :parent ORDER BY id
