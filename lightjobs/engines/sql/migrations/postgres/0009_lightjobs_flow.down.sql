-- Jobs stay, without their ties: what waits for a batch to end is lost.
DROP INDEX {schema}jobs_claim, {schema}jobs_grouped, {schema}jobs_running;
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id) WHERE status = 'new';
DROP TABLE IF EXISTS {job_batches};
DROP TABLE IF EXISTS {job_keys};
DROP INDEX {schema}jobs_batch;
ALTER TABLE {jobs} DROP COLUMN unique_key, DROP COLUMN unique_scope, DROP COLUMN unique_seconds, DROP COLUMN group_key, DROP COLUMN group_limit, DROP COLUMN batch_id;
