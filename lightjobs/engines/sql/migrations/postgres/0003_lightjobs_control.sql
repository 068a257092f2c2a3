-- Paused queues: no jobs are claimed from them.
CREATE TABLE IF NOT EXISTS {job_paused} (
  queue varchar(55) COLLATE "C" PRIMARY KEY
);
-- For each entry of the schedule: its last slot (unix seconds), the job of that, and whether it is paused.
CREATE TABLE IF NOT EXISTS {job_slots} (
  entry varchar(191) COLLATE "C" PRIMARY KEY,
  due double precision NOT NULL,
  job_id bigint,
  paused smallint NOT NULL DEFAULT 0
);
-- Jobs that were cancelled while a worker ran them, until it lets go of them.
CREATE INDEX IF NOT EXISTS jobs_cut ON {jobs} (worker) WHERE status = 'cancelled' AND worker IS NOT NULL;
