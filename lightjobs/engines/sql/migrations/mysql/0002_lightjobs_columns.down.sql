-- Jobs that workers hold are put back: without these columns their workers would be unknown.
UPDATE {jobs} SET status = 'new' WHERE status = 'queued' AND worker IS NOT NULL;
-- Long payloads and the binary collation of names stay: Lightpack works with both.
ALTER TABLE {jobs}
  DROP KEY jobs_claim, DROP KEY jobs_held, DROP KEY jobs_ended,
  DROP COLUMN scheduled_us, DROP COLUMN priority, DROP COLUMN fence, DROP COLUMN recoveries,
  DROP COLUMN worker, DROP COLUMN options,
  DROP COLUMN touched_at, MODIFY created_at datetime NOT NULL DEFAULT current_timestamp;
DROP TABLE IF EXISTS {job_limits};
DROP TABLE IF EXISTS {job_sweeps};
DROP TABLE IF EXISTS {job_workers};
