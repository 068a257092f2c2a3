-- For each entry of the schedule: the slot of its last job, and the last job that is known to have completed.
-- Through a new table: SQLite refuses to add a column that exists, and this runs again when Lightpack has
-- made its table anew.
CREATE TABLE {prefix}job_slots_new (
  entry TEXT PRIMARY KEY,
  due REAL NOT NULL,
  job_id INTEGER DEFAULT NULL,
  job_due REAL DEFAULT NULL,
  completed_id INTEGER DEFAULT NULL,
  paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO {prefix}job_slots_new (entry, due, job_id, paused) SELECT entry, due, job_id, paused FROM {job_slots};
DROP TABLE {job_slots};
ALTER TABLE {prefix}job_slots_new RENAME TO {job_slots};
