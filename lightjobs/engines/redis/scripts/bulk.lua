-- Put before the scripts that look at many jobs, after lib.lua. Their filters are in ARGV[2] to ARGV[7], each "" for none or
-- "=" and its text: the queue; the handler; a moment, as stored text, before which the job ended or, if it has not ended, was
-- created; the class of the error; the worker; and the batch. Those that touch jobs return how many they touched, and the last id that
-- they did not touch, "" for none: the caller's scan goes on after that id.
local function given(argument) return argument ~= '' and argument:sub(2) or nil end
local only = {queue = given(ARGV[2]), handler = given(ARGV[3]), before = given(ARGV[4]), exception = given(ARGV[5]),
  worker = given(ARGV[6]), batch = given(ARGV[7])}

-- The class of an error, as error_class in where.py finds it; nil without an error.
local function class_of(exception) return exception and exception ~= '' and exception:match('^[^:\n]*') or nil end

local function fits(job)
  local ended = job.failed_at and job.failed_at ~= ''
  return (not only.queue or job.queue == only.queue)
    and (not only.handler or job.handler == only.handler)
    and (not only.before or (ended and job.failed_at or job.created_at or '') < only.before)
    and (not only.exception or class_of(job.exception) == only.exception)
    and (not only.worker or job.worker == only.worker)
    and (not only.batch or job.batch == only.batch)
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
  local at = job.status == 'new' and job.group and lanes().remove(job.queue, job.priority, job.group, job.id)
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
