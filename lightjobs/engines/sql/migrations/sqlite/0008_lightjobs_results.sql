-- result: what a completed job's run left, and progress: how far a job has come; JSON. kept_until (unix seconds): until
-- when a completed job is kept on its own account.
ALTER TABLE {jobs} ADD COLUMN result TEXT DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN progress TEXT DEFAULT NULL;
ALTER TABLE {jobs} ADD COLUMN kept_until REAL DEFAULT NULL;
-- Only jobs with a time of their own are in it.
CREATE INDEX jobs_kept ON {jobs} (kept_until) WHERE kept_until IS NOT NULL;
