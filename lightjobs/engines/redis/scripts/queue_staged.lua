-- Queue the jobs of a staged batch, all or none.
-- ARGV: prefix; batch; number of jobs; for each row of jobs with the same queue and priority: queue, priority, number, and
-- for each job its due time or "" and its id. Returns 1, or 0 when a part of the batch is not there any more.
local batch, count = ARGV[2], tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', staged, batch) or 0) == 0 then return 0 end
if redis.call('SCARD', staged_key(batch)) ~= count then return 0 end
redis.call('ZREM', staged, batch)
redis.call('UNLINK', staged_key(batch))
local second, micros = unpack(redis.call('TIME'))
local latest = second + micros / 1000000
local queues, at = {}, 4
while at < #ARGV do
  local queue, priority, last = ARGV[at], tonumber(ARGV[at + 1]), at + 2 + 2 * ARGV[at + 2]
  for first = at + 3, last, 1000 do
    local words = {unpack(ARGV, first, math.min(first + 999, last))}
    for index = 1, #words, 2 do
      if words[index] == '' then words[index] = second end
      queues[queue] = queues[queue] or tonumber(words[index]) <= latest
    end
    redis.call('ZADD', queue_key(queue, priority), unpack(words))
  end
  at = last + 1
end
wake_all(queues)
return 1
