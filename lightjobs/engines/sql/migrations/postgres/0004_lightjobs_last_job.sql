-- For each entry of the schedule: the slot of its last job, and the last job that is known to have completed.
ALTER TABLE {job_slots} ADD COLUMN IF NOT EXISTS job_due double precision, ADD COLUMN IF NOT EXISTS completed_id bigint;
