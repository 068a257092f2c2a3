-- result: what a completed job's run left, and progress: how far a job has come; JSON. kept_until (unix seconds): until
-- when a completed job is kept on its own account.
ALTER TABLE {jobs}
  ADD COLUMN IF NOT EXISTS result text,
  ADD COLUMN IF NOT EXISTS progress text,
  ADD COLUMN IF NOT EXISTS kept_until double precision;
-- Only jobs with a time of their own are in it.
CREATE INDEX IF NOT EXISTS jobs_kept ON {jobs} (kept_until) WHERE kept_until IS NOT NULL;
