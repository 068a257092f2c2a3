-- Note queues that a search has found, and how far it has come.
-- ARGV: prefix; cursor; queues. Returns how many were not known.
write_although_full()
redis.call('HSET', prefix .. 'marks', 'queue', ARGV[2])
if #ARGV < 3 then return 0 end
return redis.call('SADD', prefix .. 'queues', unpack(ARGV, 3))
