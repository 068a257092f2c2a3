CREATE TABLE IF NOT EXISTS job_workers (
  id varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  -- Unix seconds by the server's clock.
  expires_at double NOT NULL
) ENGINE=InnoDB;
-- When somebody last looked for dead workers, and from when on they may be recovered.
CREATE TABLE IF NOT EXISTS job_sweeps (
  id int NOT NULL PRIMARY KEY,
  swept_at double NOT NULL,
  recover_from double NOT NULL
) ENGINE=InnoDB;
INSERT IGNORE INTO job_sweeps (id, swept_at, recover_from) VALUES (1, 0, 0);
-- Rate limits: how many runs a window has seen.
CREATE TABLE IF NOT EXISTS job_limits (
  name varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  hits int NOT NULL,
  ends_at double NOT NULL,
  KEY job_limits_ends (ends_at)
) ENGINE=InnoDB;
-- What lightjobs adds: every column defaulted or nullable, so that a Lightpack INSERT still fits.
-- All in one statement, which happens or does not; the table is copied once.
-- handler, queue: as Lightpack has them, 'Q' and 'q ' would be 'q'. payload: `text` ends at 64 KB.
-- scheduled_us: the microseconds of the due time beyond scheduled_at, which is in whole seconds.
-- fence: raised by every claim, never lowered. recoveries: how often a worker died holding the job.
-- touched_at: when anybody last changed the row, PHP included; so of what a PHP worker holds, when it
-- claimed it. A `timestamp` is kept in UTC. created_at: PHP leaves it to its default, which was in
-- the zone of PHP's session.
-- options: JSON, what was set on this one job. A claim finds its jobs in jobs_claim, in order.
ALTER TABLE jobs
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
