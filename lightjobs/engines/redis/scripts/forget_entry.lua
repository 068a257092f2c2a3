-- Forget an entry of the schedule that has not been due for long.
-- ARGV: prefix; entry; the moment (unix seconds) since when. Returns 1; 0 when it is not known, paused, or
-- was due since.
local last = last_slot(ARGV[2])
if not last or last.paused or last.due >= tonumber(ARGV[3]) then return 0 end
return redis.call('HDEL', slots_key, ARGV[2])
