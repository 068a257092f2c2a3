-- Let nobody claim from a queue.
-- ARGV: prefix; queue. Returns 1; 0 when it was paused.
write_although_full()
return redis.call('SADD', prefix .. 'paused_queues', ARGV[2])
