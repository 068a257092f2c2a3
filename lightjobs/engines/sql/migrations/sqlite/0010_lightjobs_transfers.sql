-- The transfers of jobs to another store and from one: see transfer_store.py. name: leaving, or the id of a transfer that
-- is expected here. jobs: how many have left, or have arrived.
CREATE TABLE IF NOT EXISTS {job_transfers} (
  name TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  target TEXT NOT NULL,
  is_open INTEGER NOT NULL DEFAULT 1,
  jobs INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
