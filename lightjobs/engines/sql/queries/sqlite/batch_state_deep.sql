-- What a batch has come to.
-- :id. Returns the same as batch_state.sql, but at last whether it has parts that failed, and that were cancelled.
-- The last of its jobs that have not ended stands for all, as it is claimed last: the index holds no statuses.
SELECT allow_failures, called, ended_at IS NOT NULL, outcome,
  COALESCE((SELECT CASE WHEN status = 'queued' THEN 'running' ELSE 'waiting' END FROM {jobs} INDEXED BY jobs_batch
      WHERE batch_id = :id AND status IN ('new', 'paused', 'queued') ORDER BY id DESC LIMIT 1),
    (SELECT 'running' FROM {job_batches} AS i WHERE i.parent = :id AND i.ended_at IS NULL LIMIT 1)),
  removed_failed > 0
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'failed')
    OR EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status IN ('failed')),
  removed_cancelled > 0
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'cancelled')
    OR EXISTS (SELECT 1 FROM {jobs} INDEXED BY jobs_batch WHERE batch_id = :id AND status IN ('cancelled'))
FROM {job_batches} WHERE id = :id
