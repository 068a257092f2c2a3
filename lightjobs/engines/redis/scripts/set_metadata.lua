-- Keep a value of the metadata.
-- ARGV: prefix; key; the value's text. Returns 1.
redis.call('HSET', prefix .. 'metadata', ARGV[2], ARGV[3])
return 1
