DROP TABLE {job_rates};
ALTER TABLE {job_slots} DROP COLUMN template;
ALTER TABLE {job_slots} DROP COLUMN next;
ALTER TABLE {job_workers} DROP COLUMN note;
ALTER TABLE {jobs} DROP COLUMN errors;
