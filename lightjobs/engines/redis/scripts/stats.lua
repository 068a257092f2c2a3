-- The number of jobs in each queue, by status. The work for a queue does not grow with its jobs.
-- ARGV: prefix. Returns {queue, new, delayed, queued, failed, paused, cancelled, completed, ...}; and the number of jobs that
-- were taken from PHP, and that it may have ended since.
local at = score(now())
local counts = {}
local function by_queue(key)
  local pairs, found = redis.call('HGETALL', prefix .. key), {}
  for index = 1, #pairs, 2 do found[pairs[index]] = tonumber(pairs[index + 1]) end
  return found
end
local queued, failed = by_queue('queued'), by_queue('failed_counts')
local laned = by_queue('laned')
for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'queues')) do
  local new, delayed = 0, 0
  for _, priority in ipairs(PRIORITIES) do
    local key = queue_key(queue, priority)
    new = new + redis.call('ZCARD', key)
    delayed = delayed + redis.call('ZCOUNT', key, '(' .. at, '+inf')
  end
  if laned[queue] then
    new = new + laned[queue]
    for _, key in ipairs(lanes().later_keys(queue)) do delayed = delayed + redis.call('ZCOUNT', key, '(' .. at, '+inf') end
  end
  counts[#counts + 1] = queue
  counts[#counts + 1] = new
  counts[#counts + 1] = delayed
  counts[#counts + 1] = queued[queue] or 0
  counts[#counts + 1] = failed[queue] or 0
  for _, status in ipairs({'paused', 'cancelled', 'completed'}) do
    counts[#counts + 1] = redis.call('ZCARD', index_key(status, queue))
  end
end
return {counts, redis.call('HLEN', prefix .. 'from_php')}
