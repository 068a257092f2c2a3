CREATE TABLE IF NOT EXISTS {job_workers} (
  id varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  -- Unix seconds by the server's clock.
  expires_at double NOT NULL
) ENGINE=InnoDB;
-- When dead workers were last searched for, and from when on they may be recovered.
CREATE TABLE IF NOT EXISTS {job_sweeps} (
  id int NOT NULL PRIMARY KEY,
  swept_at double NOT NULL,
  recover_from double NOT NULL
) ENGINE=InnoDB;
INSERT IGNORE INTO {job_sweeps} (id, swept_at, recover_from) VALUES (1, 0, 0);
-- Rate limits: how many runs there were in a window.
CREATE TABLE IF NOT EXISTS {job_limits} (
  name varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  hits int NOT NULL,
  ends_at double NOT NULL,
  KEY job_limits_ends (ends_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
-- What lightjobs adds: every column has a default or is nullable, so that Lightpack's INSERT still works.
-- All in one statement, which happens as a whole or not at all; the table is copied once.
-- handler, queue: in Lightpack's collation 'Q' and 'q ' equal 'q'. payload: `text` ends at 64 KB.
-- scheduled_us: the microseconds of the due time beyond scheduled_at, which is in whole seconds.
-- fence: raised by every claim, never lowered. recoveries: how often a worker died holding the job.
-- touched_at: when the row was last changed, also by PHP; for a job that a PHP worker holds, when it was
-- claimed. A `timestamp` is kept in UTC. created_at: PHP leaves it to its default, which was in the zone of
-- PHP's session.
-- options: JSON, what was set for this one job. A claim reads its jobs from jobs_claim, in order.
ALTER TABLE {jobs}
  MODIFY handler varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  MODIFY queue varchar(55) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  MODIFY payload longtext CHARACTER SET utf8mb4 NOT NULL,
  ADD COLUMN scheduled_us int NOT NULL DEFAULT 0,
  ADD COLUMN priority smallint NOT NULL DEFAULT 0,
  ADD COLUMN fence int NOT NULL DEFAULT 0,
  ADD COLUMN recoveries int NOT NULL DEFAULT 0,
  ADD COLUMN worker varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  MODIFY created_at datetime NOT NULL DEFAULT (utc_timestamp()),
  ADD COLUMN touched_at timestamp NOT NULL DEFAULT current_timestamp ON UPDATE current_timestamp,
  ADD COLUMN options longtext CHARACTER SET utf8mb4 DEFAULT NULL,
  ADD KEY jobs_claim (queue, status, priority, scheduled_at, scheduled_us),
  ADD KEY jobs_held (worker),
  ADD KEY jobs_ended (failed_at);
