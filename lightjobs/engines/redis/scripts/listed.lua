-- The keys of the lists that have the jobs of a status.
-- ARGV: prefix; status; "=" and a queue, or "" for all queues. Returns the keys that exist. For "queued" these are hashes,
-- one for each worker, with ids as fields; for any other status they are sorted sets of ids.
local status, queues = ARGV[2], {ARGV[3]:sub(2)}
local found = {}
local function add(key)
  if redis.call('EXISTS', key) == 1 then found[#found + 1] = key end
end
if status == 'queued' then
  for _, worker in ipairs(redis.call('ZRANGE', prefix .. 'workers', 0, -1)) do add(held_key(worker)) end
  return found
end
if status == 'failed' then
  add(prefix .. 'failed')
  return found
end
if ARGV[3] == '' then queues = redis.call('SMEMBERS', prefix .. 'queues') end
for _, queue in ipairs(queues) do
  if status ~= 'new' then add(index_key(status, queue)) end
  for _, priority in ipairs(status == 'new' and PRIORITIES or {}) do add(queue_key(queue, priority)) end
end
return found
