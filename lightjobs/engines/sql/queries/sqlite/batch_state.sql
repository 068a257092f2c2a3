-- What a batch has come to.
-- :id; :deep, 1 to look also for parts that failed or were cancelled. Returns allow_failures, called, whether it has ended, its
-- outcome; 'waiting' if a job of it waits, else 'running' if a part of it has not ended, else null; and whether it has parts that
-- failed, and that were cancelled; no row: it is not known.
SELECT allow_failures, called, ended_at IS NOT NULL, outcome,
  CASE WHEN EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status IN ('new', 'paused')) THEN 'waiting'
    WHEN EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status = 'queued')
      OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.ended_at IS NULL) THEN 'running' END,
  :deep = 1 AND (removed_failed > 0 OR EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status IN ('failed'))
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'failed')),
  :deep = 1 AND (removed_cancelled > 0 OR EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status IN ('cancelled'))
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'cancelled'))
FROM {job_batches} WHERE id = :id
