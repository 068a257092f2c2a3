-- Put failed jobs back, as new.
-- ARGV: prefix; queue or "" for all; ids. Returns how many.
local queue = ARGV[2]
local at = math.floor(now())
local count = 0
for index = 3, #ARGV do
  local job = load_job(ARGV[index])
  if job and job.status == 'failed' and (queue == '' or job.queue == queue) then
    redis.call('ZREM', prefix .. 'failed', job.id)
    uncount_failed(job.id)
    save_job(job, {'status', 'new', 'attempts', 0, 'recoveries', 0, 'exception', NULL, 'failed_at', NULL,
      'scheduled_at', utc_text(at)})
    enqueue(job, at)
    count = count + 1
  end
end
return count
