-- Delete a batch.
-- :id.
DELETE FROM {job_batches} WHERE id = :id
