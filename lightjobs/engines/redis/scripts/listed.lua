-- The keys of the lists that have the jobs of a status.
-- ARGV: prefix; status; "=" and a queue, or "" for all queues; "=" and a worker, or "" for all; "=" and a batch, or "" for all
-- jobs. Returns the keys that exist. For "queued" these are hashes,
-- one for each worker, with ids as fields; for any other status they are sorted sets of ids.
-- The jobs of a batch are in one set, whatever their status.
local status, queues = ARGV[2], {ARGV[3]:sub(2)}
local found = {}
local function add(key)
  if redis.call('EXISTS', key) == 1 then found[#found + 1] = key end
end
if ARGV[5] ~= '' then
  add(batch_jobs_key(ARGV[5]:sub(2)))
  return found
end
if status == 'queued' then
  local workers = ARGV[4] == '' and redis.call('ZRANGE', prefix .. 'workers', 0, -1) or {ARGV[4]:sub(2)}
  for _, worker in ipairs(workers) do add(held_key(worker)) end
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
  if status == 'new' and lanes().is_laned(queue) then
    for _, key in ipairs(lanes().keys_of(queue)) do add(key) end
  end
end
return found
