ALTER TABLE {jobs} DROP COLUMN errors;
DROP TABLE IF EXISTS {job_rates};
ALTER TABLE {job_slots} DROP COLUMN template, DROP COLUMN next;
ALTER TABLE {job_workers} DROP COLUMN note;
