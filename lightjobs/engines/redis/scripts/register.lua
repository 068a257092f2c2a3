-- Register a worker.
-- ARGV: prefix; worker; lease in seconds. Returns 1; 0 when the name is known already.
write_although_full()
return redis.call('ZADD', prefix .. 'workers', 'NX', score(now() + tonumber(ARGV[3])), ARGV[2])
