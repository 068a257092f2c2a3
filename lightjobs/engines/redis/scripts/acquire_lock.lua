-- Give a lock to an owner for a time, unless another owner has it.
-- ARGV: prefix; name; owner; seconds.
-- Returns 1 if the owner has the lock now, otherwise 0.
local key = prefix .. 'lock:' .. ARGV[2]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[3] then return 0 end
redis.call('SET', key, ARGV[3], 'PX', math.max(1, math.floor(tonumber(ARGV[4]) * 1000)))
return 1
