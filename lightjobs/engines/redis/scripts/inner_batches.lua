-- The batches that are parts of a batch.
-- ARGV: prefix; id. Returns their ids.
return redis.call('SMEMBERS', batch_parts_key(ARGV[2]))
