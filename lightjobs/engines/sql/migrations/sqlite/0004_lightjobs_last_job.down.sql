ALTER TABLE {job_slots} DROP COLUMN job_due;
ALTER TABLE {job_slots} DROP COLUMN completed_id;
