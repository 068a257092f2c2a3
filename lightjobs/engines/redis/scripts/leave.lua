-- Delete jobs that have arrived.
-- ARGV: prefix; id of the transfer; ids of jobs.
if not is_noted(ARGV[2]) then return end
write_although_full()
local count = 0
for index = 3, #ARGV do
  if redis.call('ZREM', moving_key(ARGV[2]), ARGV[index]) == 1 then
    local job = load_job(ARGV[index], {'status', 'unique'})
    if job and job.unique then unique_keys().release(job.unique, job.id) end
    redis.call('DEL', job_key(ARGV[index]))
    count = count + 1
  end
end
redis.call('HINCRBY', transfer_key, 'left', count)
