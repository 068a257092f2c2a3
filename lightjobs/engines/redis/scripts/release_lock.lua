-- Take a lock away from its owner.
-- ARGV: prefix; name; owner.
-- Returns 1, or 0 if the owner does not have the lock.
local key = prefix .. 'lock:' .. ARGV[2]
if redis.call('GET', key) ~= ARGV[3] then return 0 end
return redis.call('DEL', key)
