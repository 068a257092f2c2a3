-- The transfers of jobs to another store and from one: see transfer_store.py. name: leaving, or the id of a transfer that
-- is expected here. jobs: how many have left, or have arrived.
CREATE TABLE IF NOT EXISTS {job_transfers} (
  name varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  id varchar(64) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  target text CHARACTER SET utf8mb4 NOT NULL,
  is_open smallint NOT NULL DEFAULT 1,
  jobs bigint NOT NULL DEFAULT 0
) ENGINE=InnoDB;
