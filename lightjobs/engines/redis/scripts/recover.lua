-- Put back what a dead worker holds, a part at a time, and forget the worker.
-- ARGV: prefix; worker; the most recoveries a job may have; the exception for a job that has had them; the size of a part; the
-- three pieces of the line for a job's errors, between which are the number of the attempt and the time.
-- Returns how many jobs the worker lost (fewer than a part: it was the last part), and how many of them were put back or
-- have failed. A job that cannot be read any more is set aside, as in claim.lua.
local worker, most, exception, part = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local at = now()
local seconds = string.format('%d', at)
-- From the first part on, nothing more is claimed or accepted under this name.
redis.call('ZREM', prefix .. 'workers', worker)
redis.call('HDEL', notes_key, worker)
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
    local line = ARGV[6] .. string.format('%d', job.attempts) .. ARGV[7] .. seconds .. ARGV[8]
    if job.recoveries >= most then
      -- The recoveries begin again at 0: PHP does not know the field, and may retry the job.
      save_job(job, {'recoveries', 0})
      fail(job, exception, at, line)
      if job.batch or (job.options and job.options:find('"catch"', 1, true)) then flow().note_failed(job) end
    else
      local changes = {'status', 'new', 'worker', NULL, 'attempts', math.max(job.attempts - 1, 0),
        'recoveries', job.recoveries + 1}
      add_error(changes, job, line)
      save_job(job, changes)
      enqueue(job, due_of(job))
    end
  elseif job and job.status == 'cancelled' and job.worker == worker then
    save_job(job, {'worker', NULL})
  end
end
if made_flow then made_flow.advance_batches() end
return {#ids, recovered}
