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
  compare('queued', entries, function(entry) return entry:match('^%d+:(.*)$') end)
end
if redis.call('HLEN', prefix .. 'failed_in') <= MOST then
  compare('failed_counts', redis.call('HVALS', prefix .. 'failed_in'), function(queue) return queue end)
end
return found
