-- Count failed jobs by queue anew, a part at a time: PHP keeps only the one set of all.
-- ARGV: prefix; offset; size of a part. Offset 0 begins. Returns how many were looked at.
write_although_full()
local offset, part = tonumber(ARGV[2]), tonumber(ARGV[3])
if offset == 0 then
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'queues')) do
    redis.call('UNLINK', failed_key(queue))
  end
end
local ids = redis.call('ZRANGE', prefix .. 'failed', offset, offset + part - 1, 'WITHSCORES')
for index = 1, #ids, 2 do
  local job = load_job(ids[index])
  if job and job.queue then
    redis.call('SADD', prefix .. 'queues', job.queue)
    redis.call('ZADD', failed_key(job.queue), ids[index + 1], ids[index])
  end
end
return #ids / 2
