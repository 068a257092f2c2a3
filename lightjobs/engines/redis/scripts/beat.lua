-- Extend the leases of workers.
-- ARGV: prefix; lease in seconds; workers. Returns those workers that are not registered.
write_although_full()
local lost = {}
local expires_at = score(now() + tonumber(ARGV[2]))
for index = 3, #ARGV do
  if registered(ARGV[index]) then
    redis.call('ZADD', prefix .. 'workers', 'XX', expires_at, ARGV[index])
  else
    lost[#lost + 1] = ARGV[index]
  end
end
return lost
