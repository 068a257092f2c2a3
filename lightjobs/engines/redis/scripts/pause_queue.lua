-- Pause a queue: no jobs are claimed from it.
-- ARGV: prefix; queue. Returns 1; 0 when it is already paused.
-- A token would wake a worker in error. And once a script has written, a full Redis accepts the rest.
redis.call('DEL', prefix .. 'wake:' .. ARGV[2])
return redis.call('SADD', prefix .. 'paused_queues', ARGV[2])
