-- Count jobs of a batch that are removed.
-- :id; :failed and :cancelled, their numbers.
UPDATE {job_batches} SET removed_failed = removed_failed + :failed, removed_cancelled = removed_cancelled + :cancelled WHERE id = :id
