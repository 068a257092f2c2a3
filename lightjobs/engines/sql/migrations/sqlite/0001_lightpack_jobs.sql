CREATE TABLE IF NOT EXISTS {job_migrations} (
  name TEXT PRIMARY KEY,
  applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Lightpack's `jobs` table, column for column; an existing one is left as it is.
-- AUTOINCREMENT: an id is never used twice. Otherwise an old claim's id and fence could match another job.
CREATE TABLE IF NOT EXISTS {jobs} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  handler VARCHAR(255) NOT NULL,
  queue VARCHAR(55) NOT NULL,
  payload TEXT NOT NULL,
  status VARCHAR(55) NOT NULL,
  attempts INTEGER NOT NULL,
  exception TEXT DEFAULT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  scheduled_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  failed_at DATETIME DEFAULT NULL
);
