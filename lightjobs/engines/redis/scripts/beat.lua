-- Extend the leases of workers, and keep what they note of themselves.
-- ARGV: prefix; lease in seconds; for each worker: its name, and its note with "=" before it, or "" to leave the note as it
-- is. Returns those workers that are not registered.
write_although_full()
local lost = {}
local expires_at = score(now() + tonumber(ARGV[2]))
for index = 3, #ARGV, 2 do
  local worker, note = ARGV[index], ARGV[index + 1]
  if registered(worker) then
    redis.call('ZADD', prefix .. 'workers', 'XX', expires_at, worker)
    if note ~= '' then redis.call('HSET', notes_key, worker, note:sub(2)) end
  else
    lost[#lost + 1] = worker
  end
end
return lost
