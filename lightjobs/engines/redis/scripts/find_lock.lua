-- ARGV: prefix; the name of a lock.
-- Returns 1 if anyone has the lock, otherwise 0.
return redis.call('EXISTS', prefix .. 'lock:' .. ARGV[2])
