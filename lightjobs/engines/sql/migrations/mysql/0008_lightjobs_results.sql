-- result: what a completed job's run left, and progress: how far a job has come; JSON. kept_until (unix seconds): until
-- when a completed job is kept on its own account. No index: it would have an entry for every job.
ALTER TABLE {jobs}
  ADD COLUMN result mediumtext CHARACTER SET utf8mb4 DEFAULT NULL,
  ADD COLUMN progress text CHARACTER SET utf8mb4 DEFAULT NULL,
  ADD COLUMN kept_until double DEFAULT NULL;
