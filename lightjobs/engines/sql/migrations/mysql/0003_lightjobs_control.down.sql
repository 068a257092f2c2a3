DROP TABLE IF EXISTS {job_slots};
DROP TABLE IF EXISTS {job_paused};
