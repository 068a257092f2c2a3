DROP TABLE {job_metadata};
