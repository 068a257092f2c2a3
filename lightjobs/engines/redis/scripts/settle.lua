-- Store the outcomes of runs.
-- ARGV: prefix; worker; 1 to keep completed jobs, or 0; JSON [[kind, id, fence, ...], ...]; then outcomes of the kind "done",
-- for each row of them that have the same fence: the fence, how many they are, and their ids. If they are part of a batch, a
-- space and its id follow the fence. In the JSON the fence is followed, for "done", by the entry of the schedule, the result,
-- the seconds for which the job is kept on its own account, the steps that follow, as JSON, and the id of its batch, each null or
-- missing if there is none; for "release", by due, as text, the attempts and, if it failed, the exception; for "failed" and
-- "expired", by the exception; for "hand back", by nothing. A "release" that failed and a "failed" may end with a line for the
-- job's errors.
-- Returns a text with a digit for each outcome, those in the JSON last: 1, accepted; 2, refused because the job was
-- cancelled; or 0, refused for another reason.
-- A job that was cancelled is let go of but not deleted: when the reply is lost, this is repeated, and must give the same
-- answers. The engine deletes such a job once it has them.
local ACCEPTED, CANCELLED, LOST = '1', '2', '0'
local worker, keep, outcomes = ARGV[2], ARGV[3] == '1', cjson.decode(ARGV[4])
local at = now()
local known = registered(worker)
local settled_as = {done = 'completed', release = 'new', ['hand back'] = 'new', failed = 'failed', expired = 'cancelled'}

-- Add to changes of a completed job its result, and until when it is kept on its own account.
local function add_result(changes, job, result, seconds)
  if result then
    changes[#changes + 1] = 'result'
    changes[#changes + 1] = result
  end
  if seconds then
    changes[#changes + 1] = 'kept_until'
    changes[#changes + 1] = score(at + seconds)
    redis.call('ZADD', kept_key, score(at + seconds), job.id)
  end
end

local function settle(job, kind, a, b, c, d)
  if job.batch and kind ~= 'failed' then
    local is_deleted = kind == 'done' and not (keep or c)
    flow().batches().changed(job, settled_as[kind], is_deleted)
  end
  if kind == 'done' then
    -- A job in PHP's form has no place for a result, and stays only if all completed jobs do.
    if keep or (c and not job.php) then
      local changes = {'status', 'completed', 'worker', NULL, 'exception', NULL, 'failed_at', utc_text(at)}
      if not job.php then add_result(changes, job, b, c) end
      save_job(job, changes)
      list(job, 'completed', at)
    else
      redis.call('DEL', job.key)
    end
    let_go(worker, job.id)
    if d then flow().steps().push(cjson.decode(d), job.id, job.php and 'php' or 'hash') end
  elseif kind == 'failed' then
    fail(job, a, at, b)
    if job.batch or (job.options and job.options:find('"catch"', 1, true)) then flow().note_failed(job) end
  elseif kind == 'expired' then
    let_go(worker, job.id)
    save_job(job, {'status', 'cancelled', 'worker', NULL, 'exception', a, 'failed_at', utc_text(at),
      'attempts', math.max(job.attempts - 1, 0)})
    list(job, 'cancelled', at)
  else
    let_go(worker, job.id)
    if kind == 'release' then
      local due = tonumber(a)
      local changes = {'status', 'new', 'worker', NULL, 'exception', c or NULL, 'failed_at', NULL,
        'scheduled_at', utc_text(due), 'attempts', b}
      add_error(changes, job, d)
      save_job(job, changes)
      enqueue(job, due)
    else
      save_job(job, {'status', 'new', 'worker', NULL, 'attempts', math.max(job.attempts - 1, 0)})
      enqueue(job, due_of(job))
    end
  end
end

local function settled(kind, id, fence, a, b, c, d)
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
      settle(job, kind, a, b, c, d)
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
local function delete_done(fence, batch, first, last)
  -- The queue in an entry that has this fence; most jobs of a batch have the same entry.
  local groups, ended = {}, nil
  local queues = memo(function(entry)
    local held_fence, queue = entry:match('^(%d+):(.*)$')
    if is_grouped(entry) then queue, groups[entry], held_fence = lanes().read_entry(entry) end
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
      if groups[entry] then
        local group = groups[entry]
        ended = ended or memo(function() return {groups = {}, counts = {}, places = {}} end)
        local part = ended[queue]
        local place = part.places[group] or #part.groups + 1
        part.places[group], part.groups[place], part.counts[place] = place, group, (part.counts[place] or 0) + 1
      end
    end
  end
  if #ids > 0 then
    redis.call('DEL', unpack(keys))
    redis.call('HDEL', held_key(worker), unpack(ids))
    for queue, count in pairs(counts) do count_queued(queue, -count) end
    if batch then flow().batches().done(batch, ids) end
    for queue, part in pairs(ended or {}) do lanes().free(queue, part.groups, part.counts) end
  end
  return deleted
end

-- Settle a row of completed jobs. Most outcomes are of this kind.
local function settle_done(answers, fence, batch, first, last)
  local deleted = keep and {} or delete_done(fence, batch, first, last)
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
  local fence, first, last, batch = tonumber(ARGV[row]), row + 2, row + 1 + ARGV[row + 1], nil
  if not fence then
    fence, batch = ARGV[row]:match('^(%d+) (.*)$')
    fence = tonumber(fence)
  end
  for part = first, last, 1000 do settle_done(answers, fence, batch, part, math.min(part + 999, last)) end
  row = last + 1
end
for _, outcome in ipairs(outcomes) do
  for place = 1, #outcome do
    if outcome[place] == cjson.null then outcome[place] = false end
  end
  local answer = settled(unpack(outcome))
  answers[#answers + 1] = answer
  local entry = outcome[1] == 'done' and outcome[4]
  if entry and answer == ACCEPTED then note_completed(entry, outcome[2]) end
end
if made_flow then made_flow.advance_batches() end
return table.concat(answers)
