-- Of each entry of the schedule the moment of its last job.
ALTER TABLE job_slots ADD COLUMN IF NOT EXISTS job_due double precision;
