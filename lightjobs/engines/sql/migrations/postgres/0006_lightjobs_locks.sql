-- Locks of programs: who has each, and until when (unix seconds).
CREATE TABLE IF NOT EXISTS {job_locks} (
  name text COLLATE "C" PRIMARY KEY,
  owner text NOT NULL,
  ends_at double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS {prefix}job_locks_ends ON {job_locks} (ends_at);
