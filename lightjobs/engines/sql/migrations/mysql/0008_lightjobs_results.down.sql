-- Completed jobs that are kept on their own account are now dropped or kept by the retention alone.
ALTER TABLE {jobs} DROP COLUMN result, DROP COLUMN progress, DROP COLUMN kept_until;
