-- Note that the queues are sampled in a bucket of a minute.
-- :bucket. Touches no row when that is noted already.
INSERT IGNORE INTO {job_rates} (span, bucket, queue, handler) VALUES (60, :bucket, '', '')
