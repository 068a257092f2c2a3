-- Whether the queues are sampled in a bucket of a minute.
-- :bucket. Returns a row if so.
SELECT 1 FROM {job_rates} WHERE span = 60 AND bucket = :bucket AND queue = '' AND handler = ''
