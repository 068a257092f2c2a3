-- Put back what a dead worker holds, a part at a time; with the last part forget the worker.
-- ARGV: prefix; worker; most recoveries; the exception for jobs that have had them; size of a part.
-- Returns how many it let go of, less than a part means it was the last; and how many jobs it put back.
-- What cannot be read any more is set aside, as by claim.
local worker, most, exception, part = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local at = now()
-- Nothing more is claimed or accepted under this name from the first part on.
redis.call('ZREM', prefix .. 'workers', worker)
local held = redis.call('HKEYS', held_key(worker))
local ids, recovered = {}, 0
for index = 1, math.min(#held, part) do ids[index] = held[index] end
for _, id in ipairs(ids) do
  let_go(worker, id)
  local job, why = load_job(id)
  if why then
    set_aside(id, why)
  elseif job and job.status == 'queued' and job.worker == worker then
    recovered = recovered + 1
    if job.recoveries >= most then
      -- PHP, when it retries the job, knows nothing of recoveries: it has them back now.
      save_job(job, {'recoveries', 0})
      fail(job, exception, at)
    else
      save_job(job, {'status', 'new', 'worker', NULL, 'attempts', math.max(job.attempts - 1, 0),
        'recoveries', job.recoveries + 1})
      enqueue(job, due_of(job))
    end
  elseif job and job.status == 'cancelled' and job.worker == worker then
    save_job(job, {'worker', NULL})
  end
end
return {#ids, recovered}
