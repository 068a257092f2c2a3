-- Count a hit on a key, in windows that begin with their first hit.
-- ARGV: prefix; key; the number of hits that a window allows; the length of a window in seconds.
-- Returns 0 if the window allows this hit, otherwise the milliseconds until the window ends.
local key = prefix .. 'limit:' .. ARGV[2]
local hits = tonumber(redis.call('GET', key) or '0')
if hits >= tonumber(ARGV[3]) then return math.max(1, redis.call('PTTL', key)) end
write_although_full()
redis.call('INCR', key)
if hits == 0 then redis.call('PEXPIRE', key, math.max(1, math.floor(tonumber(ARGV[4]) * 1000))) end
return 0
