-- What a batch has come to, as far as a look at one of its jobs tells.
-- :id. Returns allow_failures, called, whether it has ended, its outcome; 'waiting' if a job of it waits, else 'running' if a part of
-- it has not ended, else null; and 0, 0; no row: it is not known. See batch_state_deep.sql.
-- Apart from that one, as the server would plan a statement with such a condition anew each time, which takes longer than this.
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
  0, 0
FROM {job_batches} WHERE id = :id
