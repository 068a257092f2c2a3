-- Find workers whose lease ran out long ago and that hold jobs.
-- ARGV: prefix; how many seconds ago. Returns {worker, when its lease ran out, ...}.
local found = {}
local dead = redis.call('ZRANGEBYSCORE', prefix .. 'workers', '-inf', score(now() - tonumber(ARGV[2])), 'WITHSCORES')
for at = 1, #dead, 2 do
  if redis.call('EXISTS', held_key(dead[at])) == 1 then
    found[#found + 1] = dead[at]
    found[#found + 1] = dead[at + 1]
  end
end
return found
