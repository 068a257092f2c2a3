-- The value of a key of the metadata.
-- ARGV: prefix; key. Returns its text; nil when there is none.
return redis.call('HGET', prefix .. 'metadata', ARGV[2])
