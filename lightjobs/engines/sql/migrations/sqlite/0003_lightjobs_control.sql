-- Paused queues: no jobs are claimed from them.
CREATE TABLE IF NOT EXISTS {job_paused} (
  queue TEXT PRIMARY KEY
) WITHOUT ROWID;
-- For each entry of the schedule: its last slot (unix seconds), the job of that, and whether it is paused.
CREATE TABLE IF NOT EXISTS {job_slots} (
  entry TEXT PRIMARY KEY,
  due REAL NOT NULL,
  job_id INTEGER DEFAULT NULL,
  paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- Jobs that were cancelled while a worker ran them, until it lets go of them.
CREATE INDEX IF NOT EXISTS jobs_cut ON {jobs} (worker) WHERE status = 'cancelled' AND worker IS NOT NULL;
