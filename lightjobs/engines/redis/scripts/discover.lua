-- Note queues.
-- ARGV: prefix; queues. Returns how many were not known.
write_although_full()
return redis.call('SADD', prefix .. 'queues', unpack(ARGV, 2))
