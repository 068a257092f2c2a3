-- What a batch counts.
-- :id. Returns names and numbers: of its jobs by status, of the batches that are parts of it by outcome, and what is noted.
SELECT status, COUNT(*) FROM {jobs} WHERE batch_id = :id GROUP BY status
UNION ALL SELECT CONCAT('inner ', COALESCE(outcome, 'open')), COUNT(*) FROM {job_batches} WHERE parent = :id GROUP BY outcome
UNION ALL SELECT 'total', total FROM {job_batches} WHERE id = :id
UNION ALL SELECT 'removed failed', removed_failed FROM {job_batches} WHERE id = :id
UNION ALL SELECT 'removed cancelled', removed_cancelled FROM {job_batches} WHERE id = :id
