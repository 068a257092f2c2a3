-- What lightjobs adds: every column has a default or is nullable, so that Lightpack's INSERT still works.
-- scheduled_us: the microseconds of the due time beyond scheduled_at, which is in whole seconds.
-- fence: raised by every claim, never lowered. recoveries: how often a worker died holding the job.
-- options: JSON, what was set for this one job.
ALTER TABLE {jobs}
  ADD COLUMN scheduled_us integer NOT NULL DEFAULT 0,
  ADD COLUMN priority smallint NOT NULL DEFAULT 0,
  ADD COLUMN fence integer NOT NULL DEFAULT 0,
  ADD COLUMN recoveries integer NOT NULL DEFAULT 0,
  ADD COLUMN worker text COLLATE "C",
  ADD COLUMN options text;
-- A claim reads its jobs from this index, in order; only waiting jobs are in it.
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id) WHERE status = 'new';
CREATE INDEX jobs_held ON {jobs} (worker, queue) WHERE status = 'queued';
CREATE INDEX jobs_ended ON {jobs} (status, queue, failed_at) WHERE status NOT IN ('new', 'queued');
-- Every job leaves two dead rows. So vacuum by their number, not by the table's size, and at full speed:
-- the table stays small, and so does the work.
ALTER TABLE {jobs} SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
CREATE TABLE IF NOT EXISTS {job_workers} (
  id text COLLATE "C" PRIMARY KEY,
  -- Unix seconds by the server's clock.
  expires_at double precision NOT NULL
);
-- When dead workers were last searched for, and from when on they may be recovered.
CREATE TABLE IF NOT EXISTS {job_sweeps} (
  id integer PRIMARY KEY CHECK (id = 1),
  swept_at double precision NOT NULL,
  recover_from double precision NOT NULL
);
INSERT INTO {job_sweeps} (id, swept_at, recover_from) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;
-- Rate limits: how many runs there were in a window.
CREATE TABLE IF NOT EXISTS {job_limits} (
  name text COLLATE "C" PRIMARY KEY,
  hits integer NOT NULL,
  ends_at double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS {prefix}job_limits_ends ON {job_limits} (ends_at);
