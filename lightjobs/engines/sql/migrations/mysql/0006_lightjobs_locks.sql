-- Locks of programs: who has each, and until when (unix seconds).
CREATE TABLE IF NOT EXISTS {job_locks} (
  name varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  owner varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  ends_at double NOT NULL,
  KEY job_locks_ends (ends_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
