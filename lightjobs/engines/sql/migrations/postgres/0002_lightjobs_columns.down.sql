-- Jobs that workers hold are put back: without these columns their workers would be unknown.
UPDATE {jobs} SET status = 'new' WHERE status = 'queued' AND worker IS NOT NULL;
DROP TABLE {job_limits}, {job_sweeps}, {job_workers};
DROP INDEX {schema}jobs_claim, {schema}jobs_held, {schema}jobs_ended;
ALTER TABLE {jobs} RESET (
  autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,
  autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
ALTER TABLE {jobs}
  DROP COLUMN scheduled_us, DROP COLUMN priority, DROP COLUMN fence, DROP COLUMN recoveries,
  DROP COLUMN worker, DROP COLUMN options;
