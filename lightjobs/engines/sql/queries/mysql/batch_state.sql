-- What a batch has come to, as far as a look at one of its jobs tells.
-- :id. Returns allow_failures, called, whether it has ended, its outcome; 'waiting' if a job of it waits, else 'running' if a part of
-- it has not ended, else null; and 0, 0; no row: it is not known. See batch_state_deep.sql.
-- The last of its jobs that have not ended stands for all, as it is claimed last: the entries of those that are done stay in the index for a while.
SELECT allow_failures, called, ended_at IS NOT NULL, outcome,
  COALESCE((SELECT CASE WHEN status = 'queued' THEN 'running' ELSE 'waiting' END FROM {jobs} FORCE INDEX (jobs_batch)
      WHERE batch_id = :id AND status IN ('new', 'paused', 'queued') ORDER BY id DESC LIMIT 1),
    (SELECT 'running' FROM {job_batches} AS i WHERE i.parent = :id AND i.ended_at IS NULL LIMIT 1)),
  0, 0
FROM {job_batches} WHERE id = :id
