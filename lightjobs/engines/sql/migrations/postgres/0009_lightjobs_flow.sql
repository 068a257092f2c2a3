-- What ties jobs to others. unique_key: the key the job was pushed with, how long it is held (unique_scope) and for how many
-- seconds at most. group_key, group_limit: its group, and how many of that group may run at a time. batch_id: its batch.
ALTER TABLE {jobs}
  ADD COLUMN IF NOT EXISTS unique_key varchar(255) COLLATE "C",
  ADD COLUMN IF NOT EXISTS unique_scope varchar(8) COLLATE "C",
  ADD COLUMN IF NOT EXISTS unique_seconds double precision,
  ADD COLUMN IF NOT EXISTS group_key varchar(191) COLLATE "C",
  ADD COLUMN IF NOT EXISTS group_limit integer,
  ADD COLUMN IF NOT EXISTS batch_id varchar(64) COLLATE "C";
-- Only jobs of batches are in it.
CREATE INDEX IF NOT EXISTS jobs_batch ON {jobs} (batch_id, status, id) WHERE batch_id IS NOT NULL;
-- The keys of unique jobs: which job took each, and until when (unix seconds) it may hold it. Whether it holds it follows
-- from what became of the job.
CREATE TABLE IF NOT EXISTS {job_keys} (
  name varchar(255) COLLATE "C" NOT NULL PRIMARY KEY,
  job_id bigint DEFAULT NULL,
  scope varchar(8) COLLATE "C" NOT NULL,
  until double precision NOT NULL
);
-- Batches. callbacks: JSON of what is pushed when; called: which of them have been. outcome: what an ended batch counts as
-- in the batch that it is part of, its parent. removed_*: jobs that were removed after they had failed, or before they
-- were done. Times are in unix seconds.
CREATE TABLE IF NOT EXISTS {job_batches} (
  id varchar(64) COLLATE "C" NOT NULL PRIMARY KEY,
  name text NOT NULL,
  parent varchar(64) COLLATE "C" DEFAULT NULL,
  allow_failures integer NOT NULL,
  total bigint NOT NULL,
  callbacks text NOT NULL,
  called varchar(32) NOT NULL DEFAULT '',
  outcome varchar(9) DEFAULT NULL,
  created_at double precision NOT NULL,
  ended_at double precision DEFAULT NULL,
  cancelled_at double precision DEFAULT NULL,
  removed_failed bigint NOT NULL DEFAULT 0,
  removed_cancelled bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS {prefix}job_batches_parent ON {job_batches} (parent);
CREATE INDEX IF NOT EXISTS {prefix}job_batches_ended ON {job_batches} (ended_at);
CREATE INDEX IF NOT EXISTS {prefix}job_batches_created ON {job_batches} (created_at, id);
-- A claim reads the jobs of one group from this index, in order, and steps from group to group; the jobs without a group
-- are one of them. Only waiting jobs are in it.
DROP INDEX IF EXISTS {schema}jobs_claim;
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, group_key, scheduled_at, scheduled_us, id) WHERE status = 'new';
-- The waiting jobs of all groups by their times. IS TRUE keeps the planner from it where it asks for one group by name: if it
-- knows of few jobs, it would read all of them.
CREATE INDEX IF NOT EXISTS jobs_grouped ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id)
  WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE;
-- How many jobs of a group run. LIKE keeps the planner from jobs_held where it counts those of one group: if it knows of few
-- jobs, it would read all that run.
CREATE INDEX IF NOT EXISTS jobs_running ON {jobs} (queue, group_key) WHERE group_key IS NOT NULL AND status LIKE 'queued';
