-- Find counters of queues that are wrong, or count anew: the claimed jobs and the failed jobs of each.
-- ARGV: prefix; 1 to count anew, or 0; workers that hold jobs and are not registered.
-- Returns {counters, queue, ...}. A store with more than a hundred thousand jobs to count is not stopped for that.
local mending, found = ARGV[2] == '1', {}
local MOST = 100000

local function compare(name, entries, queue_of)
  local counted = {}
  for _, entry in ipairs(entries) do
    local queue = queue_of(entry)
    if queue then counted[queue] = (counted[queue] or 0) + 1 end
  end
  local noted = redis.call('HGETALL', prefix .. name)
  local has = {}
  for at = 1, #noted, 2 do
    has[noted[at]] = tonumber(noted[at + 1]) or -1
    counted[noted[at]] = counted[noted[at]] or 0
  end
  for queue, count in pairs(counted) do
    if (has[queue] or 0) ~= count then
      found[#found + 1] = name
      found[#found + 1] = queue
      if mending then redis.call('HSET', prefix .. name, queue, count) end
    end
  end
end

-- The claimed jobs of a queue's groups, and how many of its jobs have a group and wait.
local function compare_groups(queue)
  local known = lanes()
  local noted = redis.call('HGETALL', known.running_key(queue))
  local counts = #noted > 0 and known.claimed_by_group(queue) or {}
  local differs = false
  for place = 1, #noted, 2 do
    differs = differs or (counts[noted[place]] or 0) ~= tonumber(noted[place + 1])
    counts[noted[place]] = nil
  end
  if differs or next(counts) then
    found[#found + 1] = 'running'
    found[#found + 1] = queue
    if mending then known.recount(queue) end
  end
  local waiting = 0
  for _, key in ipairs(known.keys_of(queue)) do waiting = waiting + redis.call('ZCARD', key) end
  local counted = tonumber(redis.call('HGET', laned_key, queue) or 0)
  if counted ~= waiting then
    found[#found + 1] = 'laned'
    found[#found + 1] = queue
    if mending then known.count(queue, waiting - counted) end
  end
end

if mending then write_although_full() end
local workers = redis.call('ZRANGE', prefix .. 'workers', 0, -1)
for at = 3, #ARGV do
  if not registered(ARGV[at]) then workers[#workers + 1] = ARGV[at] end
end
local total = 0
for _, worker in ipairs(workers) do total = total + redis.call('HLEN', held_key(worker)) end
if total <= MOST then
  local entries = {}
  for _, worker in ipairs(workers) do
    for _, entry in ipairs(redis.call('HVALS', held_key(worker))) do entries[#entries + 1] = entry end
  end
  compare('queued', entries, function(entry)
    return is_grouped(entry) and (lanes().read_entry(entry)) or entry:match('^%d+:(.*)$')
  end)
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'queues')) do compare_groups(queue) end
end
if redis.call('HLEN', prefix .. 'failed_in') <= MOST then
  compare('failed_counts', redis.call('HVALS', prefix .. 'failed_in'), function(queue) return queue end)
end
return found
