-- What ties jobs to others. unique_key: the key the job was pushed with, how long it is held (unique_scope) and for how many
-- seconds at most. group_key, group_limit: its group, and how many of that group may run at a time. batch_id: its batch.
ALTER TABLE {jobs} ADD COLUMN unique_key TEXT DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN unique_scope TEXT DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN unique_seconds REAL DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN group_key TEXT DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN group_limit INTEGER DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN batch_id TEXT DEFAULT NULL;
-- Only jobs of batches are in it. It holds no status, so a claim does not change it.
CREATE INDEX jobs_batch ON {jobs} (batch_id) WHERE batch_id IS NOT NULL;
-- The keys of unique jobs: which job took each, and until when (unix seconds) it may hold it. Whether it holds it follows
-- from what became of the job.
CREATE TABLE IF NOT EXISTS {job_keys} (
  name TEXT NOT NULL PRIMARY KEY,
  job_id INTEGER DEFAULT NULL,
  scope TEXT NOT NULL,
  until REAL NOT NULL
) WITHOUT ROWID;
-- Batches. callbacks: JSON of what is pushed when; called: which of them have been. outcome: what an ended batch counts as
-- in the batch that it is part of, its parent. removed_*: jobs that were removed after they had failed, or before they
-- were done. Times are in unix seconds.
CREATE TABLE IF NOT EXISTS {job_batches} (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  parent TEXT DEFAULT NULL,
  allow_failures INTEGER NOT NULL,
  total INTEGER NOT NULL,
  callbacks TEXT NOT NULL,
  called varchar(32) NOT NULL DEFAULT '',
  outcome varchar(9) DEFAULT NULL,
  created_at REAL NOT NULL,
  ended_at REAL DEFAULT NULL,
  cancelled_at REAL DEFAULT NULL,
  removed_failed INTEGER NOT NULL DEFAULT 0,
  removed_cancelled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {prefix}job_batches_parent ON {job_batches} (parent);
CREATE INDEX IF NOT EXISTS {prefix}job_batches_ended ON {job_batches} (ended_at);
CREATE INDEX IF NOT EXISTS {prefix}job_batches_created ON {job_batches} (created_at, id);
-- A claim reads the jobs of one group from this index, in order, and steps from group to group; the jobs without a group
-- are one of them. Only waiting jobs are in it.
DROP INDEX IF EXISTS jobs_claim;
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, group_key, scheduled_at, scheduled_us, id) WHERE status = 'new';
-- The waiting jobs of all groups by their times.
CREATE INDEX IF NOT EXISTS jobs_grouped ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id)
  WHERE status = 'new' AND group_key IS NOT NULL;
-- How many jobs of a group run.
CREATE INDEX IF NOT EXISTS jobs_running ON {jobs} (queue, group_key) WHERE status = 'queued' AND group_key IS NOT NULL;
