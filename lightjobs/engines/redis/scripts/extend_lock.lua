-- Let the owner of a lock keep it for a time from now.
-- ARGV: prefix; name; owner; seconds.
-- Returns 1, or 0 if the owner does not have the lock.
local key = prefix .. 'lock:' .. ARGV[2]
if redis.call('GET', key) ~= ARGV[3] then return 0 end
return redis.call('PEXPIRE', key, math.max(1, math.floor(tonumber(ARGV[4]) * 1000)))
