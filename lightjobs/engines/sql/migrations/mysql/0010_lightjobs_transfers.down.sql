DROP TABLE IF EXISTS {job_transfers};
