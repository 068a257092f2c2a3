-- Put back jobs that a PHP worker claimed and, having crashed, left in no set.
-- ARGV: prefix; claimed before, as stored text; ids. Returns how many. The attempt stays spent: PHP's
-- own workers would have it so.
local before = ARGV[2]
local at = now()
local count = 0
for index = 3, #ARGV do
  local job = load_job(ARGV[index])
  local claimed_at = job and (job.updated_at or job.scheduled_at or '')
  if job and job.status == 'queued' and not job.worker and claimed_at <= before then
    save_job(job, {'status', 'new'})
    enqueue(job, at)
    count = count + 1
  end
end
return count
