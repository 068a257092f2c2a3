-- Store the outcomes of runs.
-- ARGV: prefix; worker; 1 to keep completed jobs, or 0; JSON [[kind, id, fence, ...], ...]; then outcomes of the kind "done",
-- for each row of them that have the same fence: the fence, how many they are, and their ids. In the JSON the fence is
-- followed, for "done", by the entry of the schedule, if any; for "release", by due, as text, the attempts and, if it failed,
-- the exception; for "failed", by the exception; for "hand back", by nothing.
-- Returns a text with a digit for each outcome, those in the JSON last: 1, accepted; 2, refused because the job was
-- cancelled; or 0, refused for another reason.
-- A job that was cancelled is let go of but not deleted: when the reply is lost, this is repeated, and must give the same
-- answers. The engine deletes such a job once it has them.
local ACCEPTED, CANCELLED, LOST = '1', '2', '0'
local worker, keep, outcomes = ARGV[2], ARGV[3] == '1', cjson.decode(ARGV[4])
local at = now()
local known = registered(worker)
local settled_as = {done = 'completed', release = 'new', ['hand back'] = 'new', failed = 'failed'}

local function settle(job, kind, a, b, c)
  if kind == 'done' then
    if keep then
      save_job(job, {'status', 'completed', 'worker', NULL, 'exception', NULL, 'failed_at', utc_text(at)})
      list(job, 'completed', at)
    else
      redis.call('DEL', job.key)
    end
    let_go(worker, job.id)
  elseif kind == 'failed' then
    fail(job, a, at)
  else
    let_go(worker, job.id)
    if kind == 'release' then
      local due = tonumber(a)
      save_job(job, {'status', 'new', 'worker', NULL, 'exception', c or NULL, 'failed_at', NULL,
        'scheduled_at', utc_text(due), 'attempts', b})
      enqueue(job, due)
    else
      save_job(job, {'status', 'new', 'worker', NULL, 'attempts', math.max(job.attempts - 1, 0)})
      enqueue(job, due_of(job))
    end
  end
end

local function settled(kind, id, fence, a, b, c)
  local job, why = load_job(id)
  if why then set_aside(id, why) end
  if not job then
    -- It is gone. Only a recovery of this worker could have given its job to another one to delete; or PHP deleted it.
    local cut = let_go(worker, id)
    return known and kind == 'done' and not cut and ACCEPTED or LOST
  end
  if job.fence == fence then
    -- The fence alone would not do: a PHP worker claims without raising it. But it leaves no worker's name.
    if job.status == 'queued' and job.worker == worker then
      settle(job, kind, a, b, c)
      return ACCEPTED
    end
    if known and job.status == settled_as[kind] then return ACCEPTED end
  elseif redis.call('HGET', held_key(worker), id) == CUT then
    let_go(worker, id)
    if job.status == 'cancelled' and job.worker == worker then save_job(job, {'worker', NULL}) end
  end
  return job.status == 'cancelled' and CANCELLED or LOST
end

-- Delete completed jobs that have one fence, and whose ids are a part of ARGV. What the worker holds is enough to judge them,
-- so the jobs are not loaded, and one command deletes many. Returns a table with the ids of those that were deleted.
local function delete_done(fence, first, last)
  -- The queue in an entry that has this fence; most jobs of a batch have the same entry.
  local queues = memo(function(entry)
    local held_fence, queue = entry:match('^(%d+):(.*)$')
    return tonumber(held_fence) == fence and queue
  end)
  local ids, keys, counts, deleted = {}, {}, {}, {}
  for place, entry in ipairs(redis.call('HMGET', held_key(worker), unpack(ARGV, first, last))) do
    local id, queue = ARGV[first + place - 1], entry and queues[entry]
    if queue and not deleted[id] then
      deleted[id] = true
      ids[#ids + 1] = id
      keys[#keys + 1] = job_key(id)
      counts[queue] = (counts[queue] or 0) + 1
    end
  end
  if #ids > 0 then
    redis.call('DEL', unpack(keys))
    redis.call('HDEL', held_key(worker), unpack(ids))
    for queue, count in pairs(counts) do count_queued(queue, -count) end
  end
  return deleted
end

-- Settle a row of completed jobs. Most outcomes are of this kind.
local function settle_done(answers, fence, first, last)
  local deleted = keep and {} or delete_done(fence, first, last)
  for position = first, last do
    local id = ARGV[position]
    answers[#answers + 1] = deleted[id] and ACCEPTED or settled('done', id, fence)
  end
end

-- Note that the last job of an entry of the schedule completed. schedule:list shows it, when the job itself may be gone.
local function note_completed(entry, id)
  local last = last_slot(entry)
  if last and last.job_id == id then
    last.completed = true
    note_slot(entry, last)
  end
end

write_although_full()
local answers, row = {}, 5
while row < #ARGV do
  local fence, first, last = tonumber(ARGV[row]), row + 2, row + 1 + ARGV[row + 1]
  for part = first, last, 1000 do settle_done(answers, fence, part, math.min(part + 999, last)) end
  row = last + 1
end
for _, outcome in ipairs(outcomes) do
  local answer = settled(unpack(outcome))
  answers[#answers + 1] = answer
  if outcome[1] == 'done' and outcome[4] and answer == ACCEPTED then note_completed(outcome[4], outcome[2]) end
end
return table.concat(answers)
