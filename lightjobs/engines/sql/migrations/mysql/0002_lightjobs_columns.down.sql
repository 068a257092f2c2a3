-- What workers hold goes back: nobody else would know whose it is.
UPDATE jobs SET status = 'new' WHERE status = 'queued' AND worker IS NOT NULL;
-- Payloads may stay long, and names be told apart to the letter: Lightpack can live with both.
ALTER TABLE jobs
  DROP KEY jobs_claim, DROP KEY jobs_held, DROP KEY jobs_ended,
  DROP COLUMN scheduled_us, DROP COLUMN priority, DROP COLUMN fence, DROP COLUMN recoveries,
  DROP COLUMN worker, DROP COLUMN options,
  DROP COLUMN touched_at, MODIFY created_at datetime NOT NULL DEFAULT current_timestamp;
DROP TABLE IF EXISTS job_limits;
DROP TABLE IF EXISTS job_sweeps;
DROP TABLE IF EXISTS job_workers;
