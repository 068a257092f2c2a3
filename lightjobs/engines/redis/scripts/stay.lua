-- Set jobs aside that cannot be transferred.
-- ARGV: prefix; id of the transfer; ids of jobs.
write_although_full()
for index = 3, #ARGV do
  local id = ARGV[index]
  local at = redis.call('ZSCORE', moving_key(ARGV[2]), id)
  local job = at and load_job(id, {'status'})
  if job then
    redis.call('ZREM', moving_key(ARGV[2]), id)
    redis.call('ZADD', staying_key(ARGV[2]), at, id)
    save_job(job, {'status', STAYING .. job.status:sub(#MOVING + 1)})
  end
end
