ALTER TABLE {job_slots} DROP COLUMN job_due, DROP COLUMN completed_id;
