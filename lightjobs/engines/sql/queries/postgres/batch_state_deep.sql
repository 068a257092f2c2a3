-- What a batch has come to.
-- :id. Returns the same as batch_state.sql, but at last whether it has parts that failed, and that were cancelled.
-- The last of its jobs is looked at first: the entries of those that are done stay in the index until the next vacuum.
-- Compared and ordered so that planners have no index but the one that is meant.
SELECT allow_failures, called, ended_at IS NOT NULL, outcome,
  CASE WHEN (SELECT 1 FROM {jobs} WHERE batch_id IS NOT NULL AND (batch_id, status) >= (:id, 'new') AND (batch_id, status) <= (:id, 'new')
      ORDER BY batch_id DESC, status DESC, id DESC LIMIT 1) IS NOT NULL
    OR (SELECT 1 FROM {jobs} WHERE batch_id IS NOT NULL AND (batch_id, status) >= (:id, 'paused') AND (batch_id, status) <= (:id, 'paused')
      ORDER BY batch_id DESC, status DESC, id DESC LIMIT 1) IS NOT NULL
    THEN 'waiting' WHEN (SELECT 1 FROM {jobs} WHERE batch_id IS NOT NULL AND (batch_id, status) >= (:id, 'queued') AND (batch_id, status) <= (:id, 'queued')
      ORDER BY batch_id DESC, status DESC, id DESC LIMIT 1) IS NOT NULL
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.ended_at IS NULL)
    THEN 'running' END,
  removed_failed > 0 OR (SELECT 1 FROM {jobs} WHERE batch_id IS NOT NULL AND (batch_id, status) >= (:id, 'failed') AND (batch_id, status) <= (:id, 'failed')
      ORDER BY batch_id DESC, status DESC, id DESC LIMIT 1) IS NOT NULL
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'failed'),
  removed_cancelled > 0 OR (SELECT 1 FROM {jobs} WHERE batch_id IS NOT NULL AND (batch_id, status) >= (:id, 'cancelled') AND (batch_id, status) <= (:id, 'cancelled')
      ORDER BY batch_id DESC, status DESC, id DESC LIMIT 1) IS NOT NULL
    OR EXISTS (SELECT 1 FROM {job_batches} AS i WHERE i.parent = :id AND i.outcome = 'cancelled')
FROM {job_batches} WHERE id = :id
