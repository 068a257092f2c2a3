-- note: what a worker last said of itself. template, next: what an entry of the schedule dispatches, and its next
-- moment (unix seconds). errors: the failed attempts of a job, one line of JSON for each, the latest first.
ALTER TABLE {jobs} ADD COLUMN errors text CHARACTER SET utf8mb4 DEFAULT NULL;
ALTER TABLE {job_workers} ADD COLUMN note text CHARACTER SET utf8mb4 DEFAULT NULL;
ALTER TABLE {job_slots}
  ADD COLUMN template longtext CHARACTER SET utf8mb4 DEFAULT NULL, ADD COLUMN next double DEFAULT NULL;
-- The history: what was counted of the runs of a queue's handler in a bucket of `span` seconds that begins at
-- `bucket` (unix seconds), how many took (d0 to d15) and waited (w0 to w15) how long, and the highest depth and
-- latency of the queue that were seen.
CREATE TABLE IF NOT EXISTS {job_rates} (
  span int NOT NULL,
  bucket bigint NOT NULL,
  queue varchar(55) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  handler varchar(255) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL,
  done bigint NOT NULL DEFAULT 0,
  retried bigint NOT NULL DEFAULT 0,
  released bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  milliseconds bigint NOT NULL DEFAULT 0,
  d0 int NOT NULL DEFAULT 0, d1 int NOT NULL DEFAULT 0, d2 int NOT NULL DEFAULT 0, d3 int NOT NULL DEFAULT 0,
  d4 int NOT NULL DEFAULT 0, d5 int NOT NULL DEFAULT 0, d6 int NOT NULL DEFAULT 0, d7 int NOT NULL DEFAULT 0,
  d8 int NOT NULL DEFAULT 0, d9 int NOT NULL DEFAULT 0, d10 int NOT NULL DEFAULT 0, d11 int NOT NULL DEFAULT 0,
  d12 int NOT NULL DEFAULT 0, d13 int NOT NULL DEFAULT 0, d14 int NOT NULL DEFAULT 0, d15 int NOT NULL DEFAULT 0,
  w0 int NOT NULL DEFAULT 0, w1 int NOT NULL DEFAULT 0, w2 int NOT NULL DEFAULT 0, w3 int NOT NULL DEFAULT 0,
  w4 int NOT NULL DEFAULT 0, w5 int NOT NULL DEFAULT 0, w6 int NOT NULL DEFAULT 0, w7 int NOT NULL DEFAULT 0,
  w8 int NOT NULL DEFAULT 0, w9 int NOT NULL DEFAULT 0, w10 int NOT NULL DEFAULT 0, w11 int NOT NULL DEFAULT 0,
  w12 int NOT NULL DEFAULT 0, w13 int NOT NULL DEFAULT 0, w14 int NOT NULL DEFAULT 0, w15 int NOT NULL DEFAULT 0,
  depth bigint DEFAULT NULL,
  latency double DEFAULT NULL,
  PRIMARY KEY (span, bucket, queue, handler)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
