-- Put before the scripts that verify the store, after lib.lua.

-- What is needed to judge a job.
local JUDGED = {'status', 'queue', 'priority', 'worker', 'group'}
-- What is needed to mend it, too. Not the payload, which may be large.
local MENDED = {'status', 'queue', 'priority', 'worker', 'fence', 'attempts', 'recoveries', 'scheduled_at', 'updated_at',
  'failed_at', 'group'}

-- The sets of which one must have the job; none for a job that is in a worker's hands or has an unknown status.
local function sets_of(job)
  if job.status == 'new' and job.group then
    return {lanes().lane_key(job.queue, job.priority, job.group), lanes().later_key(job.queue, job.priority)}
  end
  -- PHP releases a job into its one set, whatever the priority.
  if job.status == 'new' then return {queue_key(job.queue, job.priority), queue_key(job.queue, 0)} end
  if job.status == 'failed' then return {prefix .. 'failed'} end
  local is_indexed = {paused = true, cancelled = true, completed = true}
  return is_indexed[job.status] and {index_key(job.status, job.queue)} or {}
end

-- All that changes when anybody does something with a job. A fault is mended only in the state in which it was found.
local function state_of(job)
  return table.concat({job.status, job.queue, job.worker or '', job.fence, job.attempts, job.scheduled_at or '',
    job.updated_at or '', job.failed_at or ''}, '|')
end
