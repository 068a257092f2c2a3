DROP INDEX {schema}jobs_cut;
DROP TABLE {job_slots};
DROP TABLE {job_paused};
