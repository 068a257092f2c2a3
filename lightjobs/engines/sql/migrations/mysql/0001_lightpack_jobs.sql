CREATE TABLE IF NOT EXISTS {job_migrations} (
  name varchar(255) NOT NULL PRIMARY KEY,
  applied_at datetime NOT NULL DEFAULT (utc_timestamp())
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;
-- Lightpack's `jobs` table as its own migration makes it; an existing one is left as it is.
CREATE TABLE IF NOT EXISTS {jobs} (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  handler varchar(255) NOT NULL,
  queue varchar(55) NOT NULL,
  payload text NOT NULL,
  status varchar(55) NOT NULL,
  attempts int NOT NULL,
  exception longtext DEFAULT NULL,
  created_at datetime NOT NULL DEFAULT current_timestamp,
  scheduled_at datetime NOT NULL DEFAULT current_timestamp,
  failed_at datetime DEFAULT NULL,
  PRIMARY KEY (id),
  KEY queue_index (queue),
  KEY status_index (status),
  KEY scheduled_at_index (scheduled_at),
  KEY queue_status_scheduled_at_index (queue, status, scheduled_at),
  KEY status_scheduled_at_index (status, scheduled_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
