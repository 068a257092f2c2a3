-- Let jobs of a paused queue be claimed again.
-- ARGV: prefix; queue. Returns 1; 0 when it is not paused.
local resumed = redis.call('SREM', prefix .. 'paused_queues', ARGV[2])
if resumed == 1 then wake(ARGV[2]) end
return resumed
