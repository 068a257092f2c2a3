-- Note what a batch, which is locked, has come to.
-- :id :called; :outcome, null for one that has not ended.
UPDATE {job_batches}
SET called = :called, outcome = CAST(:outcome AS text),
  ended_at = CASE WHEN CAST(:outcome AS text) IS NULL THEN NULL ELSE COALESCE(ended_at, {unix}) END
WHERE id = :id
