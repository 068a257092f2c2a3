-- Let jobs of a paused queue be claimed again.
-- ARGV: prefix; queue. Returns 1; 0 when it is not paused.
local resumed = redis.call('SREM', prefix .. 'paused_queues', ARGV[2])
-- The next push finds this token, and takes it for that of a push, which has noted the queue.
if resumed == 1 and wake(ARGV[2]) then redis.call('SADD', prefix .. 'queues', ARGV[2]) end
return resumed
