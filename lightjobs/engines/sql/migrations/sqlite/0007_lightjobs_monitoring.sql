-- note: what a worker last said of itself. template, next: what an entry of the schedule dispatches, and its next
-- moment (unix seconds). errors: the failed attempts of a job, one line of JSON for each, the latest first.
ALTER TABLE {jobs} ADD COLUMN errors TEXT DEFAULT NULL;
-- Through new tables: SQLite refuses to add a column that exists, and this runs again when Lightpack has made
-- its table anew.
CREATE TABLE {prefix}job_workers_new (
  id TEXT PRIMARY KEY,
  -- Unix seconds by the store's clock.
  expires_at REAL NOT NULL,
  note TEXT DEFAULT NULL
) WITHOUT ROWID;
INSERT INTO {prefix}job_workers_new (id, expires_at) SELECT id, expires_at FROM {job_workers};
DROP TABLE {job_workers};
ALTER TABLE {prefix}job_workers_new RENAME TO {job_workers};
CREATE TABLE {prefix}job_slots_new (
  entry TEXT PRIMARY KEY,
  due REAL NOT NULL,
  job_id INTEGER DEFAULT NULL,
  job_due REAL DEFAULT NULL,
  completed_id INTEGER DEFAULT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  template TEXT DEFAULT NULL,
  next REAL DEFAULT NULL
) WITHOUT ROWID;
INSERT INTO {prefix}job_slots_new (entry, due, job_id, job_due, completed_id, paused)
SELECT entry, due, job_id, job_due, completed_id, paused FROM {job_slots};
DROP TABLE {job_slots};
ALTER TABLE {prefix}job_slots_new RENAME TO {job_slots};
-- The history: what was counted of the runs of a queue's handler in a bucket of `span` seconds that begins at
-- `bucket` (unix seconds), how many took (d0 to d15) and waited (w0 to w15) how long, and the highest depth and
-- latency of the queue that were seen.
CREATE TABLE IF NOT EXISTS {job_rates} (
  span INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  queue TEXT NOT NULL,
  handler TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  retried INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  milliseconds INTEGER NOT NULL DEFAULT 0,
  d0 INTEGER NOT NULL DEFAULT 0, d1 INTEGER NOT NULL DEFAULT 0, d2 INTEGER NOT NULL DEFAULT 0, d3 INTEGER NOT NULL DEFAULT 0,
  d4 INTEGER NOT NULL DEFAULT 0, d5 INTEGER NOT NULL DEFAULT 0, d6 INTEGER NOT NULL DEFAULT 0, d7 INTEGER NOT NULL DEFAULT 0,
  d8 INTEGER NOT NULL DEFAULT 0, d9 INTEGER NOT NULL DEFAULT 0, d10 INTEGER NOT NULL DEFAULT 0, d11 INTEGER NOT NULL DEFAULT 0,
  d12 INTEGER NOT NULL DEFAULT 0, d13 INTEGER NOT NULL DEFAULT 0, d14 INTEGER NOT NULL DEFAULT 0, d15 INTEGER NOT NULL DEFAULT 0,
  w0 INTEGER NOT NULL DEFAULT 0, w1 INTEGER NOT NULL DEFAULT 0, w2 INTEGER NOT NULL DEFAULT 0, w3 INTEGER NOT NULL DEFAULT 0,
  w4 INTEGER NOT NULL DEFAULT 0, w5 INTEGER NOT NULL DEFAULT 0, w6 INTEGER NOT NULL DEFAULT 0, w7 INTEGER NOT NULL DEFAULT 0,
  w8 INTEGER NOT NULL DEFAULT 0, w9 INTEGER NOT NULL DEFAULT 0, w10 INTEGER NOT NULL DEFAULT 0, w11 INTEGER NOT NULL DEFAULT 0,
  w12 INTEGER NOT NULL DEFAULT 0, w13 INTEGER NOT NULL DEFAULT 0, w14 INTEGER NOT NULL DEFAULT 0, w15 INTEGER NOT NULL DEFAULT 0,
  depth INTEGER DEFAULT NULL,
  latency REAL DEFAULT NULL,
  PRIMARY KEY (span, bucket, queue, handler)
) WITHOUT ROWID;
