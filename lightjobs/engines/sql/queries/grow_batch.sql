-- Note how many parts a batch has, which is locked.
-- :id :total.
UPDATE {job_batches} SET total = :total WHERE id = :id
