-- The registered workers.
-- ARGV: prefix. Returns a list with, for each worker: its name; the seconds until its lease ends, as text; and its note, or "".
local at, found = now(), {}
local leases = redis.call('ZRANGE', prefix .. 'workers', 0, -1, 'WITHSCORES')
for index = 1, #leases, 2 do
  found[#found + 1] = leases[index]
  found[#found + 1] = score(tonumber(leases[index + 1]) - at)
  found[#found + 1] = redis.call('HGET', notes_key, leases[index]) or ''
end
return found
