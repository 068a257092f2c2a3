-- What ties jobs to others. unique_key: the key the job was pushed with, how long it is held (unique_scope) and for how many
-- seconds at most. group_key, group_limit: its group, and how many of that group may run at a time. batch_id: its batch.
-- In a row of the older formats there would be no room for these columns.
-- Every job has an entry in the index, as MySQL has no partial ones; it holds no status, so a claim does not change it.
ALTER TABLE {jobs} ROW_FORMAT=DYNAMIC,
  ADD COLUMN unique_key varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  ADD COLUMN unique_scope varchar(8) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  ADD COLUMN unique_seconds double DEFAULT NULL,
  ADD COLUMN group_key varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  ADD COLUMN group_limit int DEFAULT NULL,
  ADD COLUMN batch_id varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  ADD INDEX jobs_batch (batch_id);
-- The keys of unique jobs: which job took each, and until when (unix seconds) it may hold it. Whether it holds it follows
-- from what became of the job.
CREATE TABLE IF NOT EXISTS {job_keys} (
  name varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  job_id bigint DEFAULT NULL,
  scope varchar(8) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  until double NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
-- Batches. callbacks: JSON of what is pushed when; called: which of them have been. outcome: what an ended batch counts as
-- in the batch that it is part of, its parent. removed_*: jobs that were removed after they had failed, or before they
-- were done. Times are in unix seconds.
CREATE TABLE IF NOT EXISTS {job_batches} (
  id varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  name longtext CHARACTER SET utf8mb4 NOT NULL,
  parent varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} DEFAULT NULL,
  allow_failures int NOT NULL,
  total bigint NOT NULL,
  callbacks longtext CHARACTER SET utf8mb4 NOT NULL,
  called varchar(32) NOT NULL DEFAULT '',
  outcome varchar(9) DEFAULT NULL,
  created_at double NOT NULL,
  ended_at double DEFAULT NULL,
  cancelled_at double DEFAULT NULL,
  removed_failed bigint NOT NULL DEFAULT 0,
  removed_cancelled bigint NOT NULL DEFAULT 0,
  KEY job_batches_parent (parent),
  KEY job_batches_ended (ended_at),
  KEY job_batches_created (created_at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
-- A claim reads the jobs of one group from jobs_claim, in order, and steps from group to group; the jobs without a group
-- are one of them.
ALTER TABLE {jobs} DROP KEY jobs_claim, ADD KEY jobs_claim (queue, status, priority, group_key, scheduled_at, scheduled_us);
