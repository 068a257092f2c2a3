-- For each entry of the schedule: the slot of its last job, and the last job that is known to have completed.
ALTER TABLE {job_slots} ADD COLUMN job_due double DEFAULT NULL, ADD COLUMN completed_id bigint unsigned DEFAULT NULL;
