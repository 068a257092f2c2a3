-- Delete failed jobs.
-- ARGV: prefix; queue or "" for all; failed before (unix seconds) or ""; ids. Returns how many.
local queue, before = ARGV[2], ARGV[3]
local count = 0
for index = 4, #ARGV do
  local id = ARGV[index]
  local failed_at = redis.call('ZSCORE', prefix .. 'failed', id)
  local job = load_job(id)
  if failed_at and job and job.status == 'failed' and (queue == '' or job.queue == queue)
      and (before == '' or tonumber(failed_at) < tonumber(before)) then
    redis.call('DEL', job.key)
    redis.call('ZREM', prefix .. 'failed', id)
    uncount_failed(id)
    count = count + 1
  end
end
return count
