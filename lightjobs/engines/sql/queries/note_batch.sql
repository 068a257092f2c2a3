-- Note what a batch, which is locked, has come to.
-- :id :called; :outcome, null for one that has not ended.
UPDATE {job_batches}
SET called = :called, outcome = :outcome, ended_at = CASE WHEN :outcome IS NULL THEN NULL ELSE COALESCE(ended_at, {unix}) END
WHERE id = :id
