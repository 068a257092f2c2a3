-- Completed jobs that are kept on their own account are now dropped or kept by the retention alone.
DROP INDEX jobs_kept;
ALTER TABLE {jobs} DROP COLUMN result;
ALTER TABLE {jobs} DROP COLUMN progress;
ALTER TABLE {jobs} DROP COLUMN kept_until;
