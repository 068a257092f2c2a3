-- Put back jobs that a PHP worker claimed long ago and did not finish: when it crashes, they are in no set.
-- ARGV: prefix; a moment as stored text; ids. Returns how many had been claimed by that moment and were put back. The
-- attempt stays spent, as with PHP's own workers.
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
