-- Values that a project keeps next to its jobs, as JSON.
CREATE TABLE IF NOT EXISTS {job_metadata} (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
