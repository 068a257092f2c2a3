-- Forget a key of the metadata.
-- ARGV: prefix; key. Returns 1; 0 when it is not known.
return redis.call('HDEL', prefix .. 'metadata', ARGV[2])
