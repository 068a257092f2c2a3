-- Note that a batch was cancelled as a whole.
-- :id.
UPDATE {job_batches} SET cancelled_at = {unix} WHERE id = :id AND ended_at IS NULL AND cancelled_at IS NULL
