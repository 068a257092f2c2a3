-- Paused queues: no jobs are claimed from them.
CREATE TABLE IF NOT EXISTS {job_paused} (
  queue varchar(55) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY
) ENGINE=InnoDB;
-- For each entry of the schedule: its last slot (unix seconds), the job of that, and whether it is paused.
CREATE TABLE IF NOT EXISTS {job_slots} (
  entry varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  due double NOT NULL,
  job_id bigint unsigned DEFAULT NULL,
  paused smallint NOT NULL DEFAULT 0
) ENGINE=InnoDB;
