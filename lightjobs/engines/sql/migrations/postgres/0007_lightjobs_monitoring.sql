-- note: what a worker last said of itself. template, next: what an entry of the schedule dispatches, and its next
-- moment (unix seconds). errors: the failed attempts of a job, one line of JSON for each, the latest first.
ALTER TABLE {jobs} ADD COLUMN IF NOT EXISTS errors text;
ALTER TABLE {job_workers} ADD COLUMN IF NOT EXISTS note text;
ALTER TABLE {job_slots} ADD COLUMN IF NOT EXISTS template text, ADD COLUMN IF NOT EXISTS next double precision;
-- The history: what was counted of the runs of a queue's handler in a bucket of `span` seconds that begins at
-- `bucket` (unix seconds), how many took (d0 to d15) and waited (w0 to w15) how long, and the highest depth and
-- latency of the queue that were seen.
CREATE TABLE IF NOT EXISTS {job_rates} (
  span integer NOT NULL,
  bucket bigint NOT NULL,
  queue varchar(55) COLLATE "C" NOT NULL,
  handler varchar(255) COLLATE "C" NOT NULL,
  done bigint NOT NULL DEFAULT 0,
  retried bigint NOT NULL DEFAULT 0,
  released bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  milliseconds bigint NOT NULL DEFAULT 0,
  d0 integer NOT NULL DEFAULT 0, d1 integer NOT NULL DEFAULT 0, d2 integer NOT NULL DEFAULT 0, d3 integer NOT NULL DEFAULT 0,
  d4 integer NOT NULL DEFAULT 0, d5 integer NOT NULL DEFAULT 0, d6 integer NOT NULL DEFAULT 0, d7 integer NOT NULL DEFAULT 0,
  d8 integer NOT NULL DEFAULT 0, d9 integer NOT NULL DEFAULT 0, d10 integer NOT NULL DEFAULT 0, d11 integer NOT NULL DEFAULT 0,
  d12 integer NOT NULL DEFAULT 0, d13 integer NOT NULL DEFAULT 0, d14 integer NOT NULL DEFAULT 0, d15 integer NOT NULL DEFAULT 0,
  w0 integer NOT NULL DEFAULT 0, w1 integer NOT NULL DEFAULT 0, w2 integer NOT NULL DEFAULT 0, w3 integer NOT NULL DEFAULT 0,
  w4 integer NOT NULL DEFAULT 0, w5 integer NOT NULL DEFAULT 0, w6 integer NOT NULL DEFAULT 0, w7 integer NOT NULL DEFAULT 0,
  w8 integer NOT NULL DEFAULT 0, w9 integer NOT NULL DEFAULT 0, w10 integer NOT NULL DEFAULT 0, w11 integer NOT NULL DEFAULT 0,
  w12 integer NOT NULL DEFAULT 0, w13 integer NOT NULL DEFAULT 0, w14 integer NOT NULL DEFAULT 0, w15 integer NOT NULL DEFAULT 0,
  depth bigint,
  latency double precision,
  PRIMARY KEY (span, bucket, queue, handler)
);
