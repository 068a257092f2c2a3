-- Queues that nobody claims from.
CREATE TABLE IF NOT EXISTS job_paused (
  queue varchar(55) COLLATE "C" PRIMARY KEY
);
-- Of each entry of the schedule the last moment (unix seconds), its job, and whether it is paused.
CREATE TABLE IF NOT EXISTS job_slots (
  entry varchar(191) COLLATE "C" PRIMARY KEY,
  due double precision NOT NULL,
  job_id bigint,
  paused smallint NOT NULL DEFAULT 0
);
-- What was cancelled under a worker's hands, until it lets go.
CREATE INDEX IF NOT EXISTS jobs_cut ON jobs (worker) WHERE status = 'cancelled' AND worker IS NOT NULL;
