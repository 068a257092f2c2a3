DROP TABLE IF EXISTS {job_metadata};
