-- Forget an entry of the schedule that has not been due for a long time.
-- ARGV: prefix; entry; a moment in unix seconds. Returns 1; 0 when the entry is unknown, paused, or has been due since that
-- moment.
local last = last_slot(ARGV[2])
if not last or last.paused or last.due >= tonumber(ARGV[3]) then return 0 end
redis.call('HDEL', nexts_key, ARGV[2])
redis.call('HDEL', templates_key, ARGV[2])
return redis.call('HDEL', slots_key, ARGV[2])
