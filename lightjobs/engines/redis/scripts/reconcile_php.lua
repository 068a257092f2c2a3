-- Correct the lists after PHP has ended jobs. A job that was cancelled or put back while PHP ran it is noted in from_php.
-- PHP does not know of that: it deletes the job, or stores what became of its run, and leaves our lists as they are.
-- ARGV: prefix. Returns how many jobs it looked at.
write_although_full()
local noted = redis.call('HGETALL', prefix .. 'from_php')
for position = 1, #noted, 2 do
  local id, queue = noted[position], noted[position + 1]
  local job = load_job(id)
  for _, status in ipairs({'paused', 'cancelled', 'completed'}) do
    if not job or job.status ~= status then redis.call('ZREM', index_key(status, queue), id) end
  end
  if not job then redis.call('HDEL', prefix .. 'from_php', id) end
end
return #noted / 2
