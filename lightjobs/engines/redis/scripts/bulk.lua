-- Put behind lib.lua before the scripts that touch many jobs. These take filters in ARGV[2] to ARGV[4],
-- each "" for none or its text behind "=": queue, handler, and a moment as stored text that the job
-- ended before or, not having ended, was created before. They return how many jobs they touched, and
-- the last id they did not, "" for none: a scan goes on behind that one.
local function given(argument) return argument ~= '' and argument:sub(2) or nil end
local only = {queue = given(ARGV[2]), handler = given(ARGV[3]), before = given(ARGV[4])}

local function fits(job)
  local ended = job.failed_at and job.failed_at ~= ''
  return (not only.queue or job.queue == only.queue)
    and (not only.handler or job.handler == only.handler)
    and (not only.before or (ended and job.failed_at or job.created_at or '') < only.before)
end

-- Take a job out of the set where its status keeps it. Returns its score there; false when it was not.
local function unlist(job)
  local keys = {index_key(job.status, job.queue)}
  if job.status == 'new' then
    -- PHP releases into its one set, whatever the priority.
    keys = {queue_key(job.queue, job.priority), queue_key(job.queue, 0)}
  elseif job.status == 'failed' then
    keys = {prefix .. 'failed'}
    uncount_failed(job.id)
  end
  local at = false
  for _, key in ipairs(keys) do
    at = redis.call('ZSCORE', key, job.id) or at
    redis.call('ZREM', key, job.id)
  end
  return at
end

local function each_fitting(first, touch)
  local count, kept = 0, ''
  for position = first, #ARGV do
    local job = load_job(ARGV[position])
    if job and fits(job) and touch(job) then
      count = count + 1
    else
      kept = ARGV[position]
    end
  end
  return {count, kept}
end
