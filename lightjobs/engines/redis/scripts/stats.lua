-- How many jobs the queues have; constant work for each queue.
-- ARGV: prefix. Returns {queue, new, delayed, queued, failed, ...} and, last, how many have failed in
-- all, which differs from the sum when PHP failed or retried some.
local at = score(now())
local counts = {}
local queued = redis.call('HGETALL', prefix .. 'queued')
local running = {}
for index = 1, #queued, 2 do running[queued[index]] = tonumber(queued[index + 1]) end
for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'queues')) do
  local new, delayed = 0, 0
  for _, priority in ipairs(PRIORITIES) do
    local key = queue_key(queue, priority)
    new = new + redis.call('ZCARD', key)
    delayed = delayed + redis.call('ZCOUNT', key, '(' .. at, '+inf')
  end
  local failed = redis.call('ZCARD', failed_key(queue))
  counts[#counts + 1] = queue
  counts[#counts + 1] = new
  counts[#counts + 1] = delayed
  counts[#counts + 1] = running[queue] or 0
  counts[#counts + 1] = failed
end
return {counts, redis.call('ZCARD', prefix .. 'failed')}
