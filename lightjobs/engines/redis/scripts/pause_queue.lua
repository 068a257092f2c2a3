-- Let nobody claim from a queue.
-- ARGV: prefix; queue. Returns 1; 0 when it was paused.
redis.call('DEL', prefix .. 'wake:' .. ARGV[2])  -- wakes nobody; and a full Redis lets us go on
return redis.call('SADD', prefix .. 'paused_queues', ARGV[2])
