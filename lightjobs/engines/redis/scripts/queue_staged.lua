-- Queue the jobs of a staged batch, all or none.
-- ARGV: prefix; batch; number of jobs; for each row of jobs with the same queue, priority and due time: these ("" for a job
-- that is due now), the number of jobs, and their ids. Returns 1, or 0 when a part of the batch is not there any more.
local batch, count = ARGV[2], tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', staged, batch) or 0) == 0 then return 0 end
if redis.call('SCARD', staged_key(batch)) ~= count then return 0 end
redis.call('ZREM', staged, batch)
redis.call('UNLINK', staged_key(batch))
local second, micros = unpack(redis.call('TIME'))
local latest = second + micros / 1000000
local queues, at = {}, 4
while at < #ARGV do
  local queue, priority, due, row = unpack(ARGV, at, at + 3)
  local last = at + 3 + row
  if due == '' then due = second end
  for first = at + 4, last, 2000 do
    queue_row(queue, priority, due, {unpack(ARGV, first, math.min(first + 1999, last))})
  end
  queues[queue] = queues[queue] or tonumber(due) <= latest
  at = last + 1
end
wake_all(queues)
return 1
