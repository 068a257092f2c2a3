-- Change the status of jobs by hand.
-- ARGV: prefix; filters as in bulk.lua; the statuses to move from, separated by commas; the status to move to; "" or, to
-- make the jobs like new ones, the seconds over which their due times are spread; ids. Returns what bulk.lua says.
-- A unique job that becomes like a new one takes its key again; it stays as it is if another job holds that.
local target, spread = ARGV[9], tonumber(ARGV[10])
local sources = {}
for status in ARGV[8]:gmatch('[^,]+') do sources[status] = true end
local at = now()
-- Otherwise the numbers would be the same in each part. By microseconds: two small parts may come in one millisecond.
if spread and spread > 0 then math.randomseed(at * 1000000 % 2147483647) end

-- Take a job away from its worker. Returns the worker if it still has to let go of the job, otherwise NULL.
local function cut_off(job)
  local entry = job.worker and redis.call('HGET', held_key(job.worker), job.id)
  if not entry then
    -- A PHP worker has it, and will end it without looking at our lists: see reconcile_php.lua.
    redis.call('HSET', prefix .. 'from_php', job.id, job.queue)
    return NULL
  end
  if entry ~= CUT then
    redis.call('HSET', held_key(job.worker), job.id, CUT)
    count_queued(job.queue, -1)
    if job.group then lanes().free(job.queue, {job.group}, {1}) end
  end
  return job.worker
end

local function move(job)
  if not sources[job.status] then return false end
  if spread and job.unique and not flow().keys().take_again(job) then return false end
  local changes = {'status', target}
  local function change(name, value)
    changes[#changes + 1] = name
    changes[#changes + 1] = value
  end
  local due = job.status ~= 'queued' and unlist(job)
  if job.status == 'queued' or (job.status == 'new' and not due) then
    -- New, but in no queue: a PHP worker has taken out the id, and is about to mark the job as claimed.
    if target == 'paused' then return false end
    local worker = cut_off(job)
    change('fence', job.fence + 1)
    if target == 'new' then
      change('attempts', math.max(job.attempts - 1, 0))
      change('worker', NULL)
      due = due_of(job)
    else
      change('worker', worker)
    end
  end
  if spread then
    due = math.floor(at) + math.random(0, spread)
    for _, name in ipairs({'exception', 'failed_at', 'worker'}) do change(name, NULL) end
    for _, name in ipairs({'attempts', 'recoveries'}) do change(name, 0) end
    change('scheduled_at', utc_text(due))
    for _, name in ipairs(job.php and {} or {'result', 'progress', 'kept_until'}) do change(name, NULL) end
  end
  if target == 'cancelled' then change('failed_at', utc_text(at)) end
  if job.batch then flow().batches().changed(job, target) end
  save_job(job, changes)
  redis.call('SADD', prefix .. 'queues', job.queue)
  if target == 'new' then
    enqueue(job, tonumber(due) or due_of(job))
  else
    list(job, target, target == 'paused' and tonumber(due) or at)
  end
  return true
end

write_although_full()
local answer = each_fitting(11, move)
if made_flow then made_flow.advance_batches() end
return answer
