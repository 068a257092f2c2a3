-- Jobs that workers hold are put back: without these columns their workers would be unknown.
UPDATE {jobs} SET status = 'new' WHERE status = 'queued' AND worker IS NOT NULL;
DROP TABLE {job_limits};
DROP TABLE {job_sweeps};
DROP TABLE {job_workers};
DROP INDEX jobs_claim;
DROP INDEX jobs_held;
DROP INDEX jobs_ended;
ALTER TABLE {jobs} DROP COLUMN scheduled_us;
ALTER TABLE {jobs} DROP COLUMN priority;
ALTER TABLE {jobs} DROP COLUMN fence;
ALTER TABLE {jobs} DROP COLUMN recoveries;
ALTER TABLE {jobs} DROP COLUMN worker;
ALTER TABLE {jobs} DROP COLUMN options;
