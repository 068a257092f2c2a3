-- Jobs stay, without their ties: what waits for a batch to end is lost.
ALTER TABLE {jobs} DROP KEY jobs_claim, ADD KEY jobs_claim (queue, status, priority, scheduled_at, scheduled_us);
DROP TABLE IF EXISTS {job_batches};
DROP TABLE IF EXISTS {job_keys};
ALTER TABLE {jobs} DROP INDEX jobs_batch, DROP COLUMN unique_key, DROP COLUMN unique_scope, DROP COLUMN unique_seconds, DROP COLUMN group_key, DROP COLUMN group_limit, DROP COLUMN batch_id;
