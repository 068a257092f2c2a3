-- Note queues that the search for PHP's queues has found, and how far the search has come.
-- ARGV: prefix; the search's cursor; queues. Returns how many of the queues were not known.
write_although_full()
redis.call('HSET', prefix .. 'marks', 'queue', ARGV[2])
if #ARGV < 3 then return 0 end
return redis.call('SADD', prefix .. 'queues', unpack(ARGV, 3))
