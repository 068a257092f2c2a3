DROP TABLE IF EXISTS {job_locks};
