-- Count a hit on a key, in windows that begin with their first hit.
-- ARGV: prefix; key; the number of hits that a window allows; the length of a window in seconds.
-- Returns 0 if the window allows this hit, otherwise the milliseconds until the window ends.
local key = prefix .. 'limit:' .. ARGV[2]
local window = math.max(1, math.floor(tonumber(ARGV[4]) * 1000))
local hits = tonumber(redis.call('GET', key) or '0')
if hits >= tonumber(ARGV[3]) then
    -- A limit of 0 needs no key, and PTTL of a missing key is -2: the job would spin.
    local left = redis.call('PTTL', key)
    return left < 0 and window or math.max(1, left)
end
write_although_full()
redis.call('INCR', key)
if hits == 0 then redis.call('PEXPIRE', key, window) end
return 0
