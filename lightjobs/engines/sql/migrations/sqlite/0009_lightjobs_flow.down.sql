-- Jobs stay, without their ties: what waits for a batch to end is lost.
DROP INDEX jobs_claim;
DROP INDEX jobs_grouped;
DROP INDEX jobs_running;
CREATE INDEX jobs_claim ON {jobs} (queue, priority DESC, scheduled_at, scheduled_us, id) WHERE status = 'new';
DROP TABLE IF EXISTS {job_batches};
DROP TABLE IF EXISTS {job_keys};
DROP INDEX jobs_batch;
ALTER TABLE {jobs} DROP COLUMN unique_key;
ALTER TABLE {jobs} DROP COLUMN unique_scope;
ALTER TABLE {jobs} DROP COLUMN unique_seconds;
ALTER TABLE {jobs} DROP COLUMN group_key;
ALTER TABLE {jobs} DROP COLUMN group_limit;
ALTER TABLE {jobs} DROP COLUMN batch_id;
