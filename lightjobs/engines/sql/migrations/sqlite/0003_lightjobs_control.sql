-- Queues that nobody claims from.
CREATE TABLE IF NOT EXISTS job_paused (
  queue TEXT PRIMARY KEY
) WITHOUT ROWID;
-- Of each entry of the schedule the last moment (unix seconds), its job, and whether it is paused.
CREATE TABLE IF NOT EXISTS job_slots (
  entry TEXT PRIMARY KEY,
  due REAL NOT NULL,
  job_id INTEGER DEFAULT NULL,
  paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- What was cancelled under a worker's hands, until it lets go.
CREATE INDEX IF NOT EXISTS jobs_cut ON jobs (worker) WHERE status = 'cancelled' AND worker IS NOT NULL;
