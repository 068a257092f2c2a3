-- Values that a project keeps next to its jobs, as JSON.
CREATE TABLE IF NOT EXISTS {job_metadata} (
  name varchar(191) COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);
