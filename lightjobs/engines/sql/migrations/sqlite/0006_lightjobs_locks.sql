-- Locks of programs: who has each, and until when (unix seconds).
CREATE TABLE IF NOT EXISTS {job_locks} (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {prefix}job_locks_ends ON {job_locks} (ends_at);
