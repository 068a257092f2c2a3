-- Put before the scripts that touch many jobs, after lib.lua. Their filters are in ARGV[2] to ARGV[4], each "" for none or
-- "=" and its text: the queue; the handler; and a moment, as stored text, before which the job ended or, if it has not
-- ended, was created. They return how many jobs they touched, and the last id that they did not touch, "" for none: the
-- caller's scan goes on after that id.
local function given(argument) return argument ~= '' and argument:sub(2) or nil end
local only = {queue = given(ARGV[2]), handler = given(ARGV[3]), before = given(ARGV[4])}

local function fits(job)
  local ended = job.failed_at and job.failed_at ~= ''
  return (not only.queue or job.queue == only.queue)
    and (not only.handler or job.handler == only.handler)
    and (not only.before or (ended and job.failed_at or job.created_at or '') < only.before)
end

-- Take a job out of the set for its status. Returns its score there; false when it was not in the set.
local function unlist(job)
  local keys = {index_key(job.status, job.queue)}
  if job.status == 'new' then
    -- PHP releases a job into its one set, whatever the priority.
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

-- Call `touch` on the jobs that fit, whose ids begin at ARGV[first]. It returns whether it touched the job.
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
