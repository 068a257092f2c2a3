-- What lightjobs adds: every column has a default or is nullable, so that Lightpack's INSERT still works.
-- The microseconds of the due time beyond scheduled_at, which Lightpack keeps in whole seconds.
ALTER TABLE {jobs} ADD COLUMN scheduled_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {jobs} ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- Raised by every claim, never lowered.
ALTER TABLE {jobs} ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
-- How often a worker died holding the job.
ALTER TABLE {jobs} ADD COLUMN recoveries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {jobs} ADD COLUMN worker TEXT DEFAULT NULL;
-- JSON: what was set for this one job.
ALTER TABLE {jobs} ADD COLUMN options TEXT DEFAULT NULL;
-- A claim reads its jobs from this index, in order; only waiting jobs are in it.
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id) WHERE status = 'new';
CREATE INDEX jobs_held ON {jobs} (worker, queue) WHERE status = 'queued';
CREATE INDEX jobs_ended ON {jobs} (status, queue, failed_at) WHERE status NOT IN ('new', 'queued');
CREATE TABLE IF NOT EXISTS {job_workers} (
  id TEXT PRIMARY KEY,
  -- Unix seconds by the store's clock.
  expires_at REAL NOT NULL
) WITHOUT ROWID;
-- When dead workers were last searched for, and from when on they may be recovered.
CREATE TABLE IF NOT EXISTS {job_sweeps} (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  swept_at REAL NOT NULL,
  recover_from REAL NOT NULL
);
INSERT OR IGNORE INTO {job_sweeps} (id, swept_at, recover_from) VALUES (1, 0, 0);
-- Rate limits: how many runs there were in a window.
CREATE TABLE IF NOT EXISTS {job_limits} (
  name TEXT PRIMARY KEY,
  hits INTEGER NOT NULL,
  ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {prefix}job_limits_ends ON {job_limits} (ends_at);
