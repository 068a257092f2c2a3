-- Store the outcomes of runs.
-- ARGV: prefix; worker; 1 to keep completed jobs or 0; JSON [[kind, id, fence, ...], ...] with kind
-- done, release (due as text, attempts), hand back, or failed (exception).
-- Returns for each 1, accepted, or 0, refused.
local worker, keep, outcomes = ARGV[2], ARGV[3] == '1', cjson.decode(ARGV[4])
local at = now()
local known = registered(worker)
local settled_as = {done = 'completed', release = 'new', ['hand back'] = 'new', failed = 'failed'}

local function settle(job, kind, a, b)
  if kind == 'done' then
    if keep then
      save_job(job, {'status', 'completed', 'worker', NULL, 'failed_at', utc_text(at)})
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
      save_job(job, {'status', 'new', 'worker', NULL, 'exception', NULL, 'failed_at', NULL,
        'scheduled_at', utc_text(due), 'attempts', b})
      enqueue(job, due)
    else
      save_job(job, {'status', 'new', 'worker', NULL, 'attempts', math.max(job.attempts - 1, 0)})
      enqueue(job, due_of(job))
    end
  end
end

write_although_full()
local accepted = {}
for index, outcome in ipairs(outcomes) do
  local kind, id, fence, a, b = unpack(outcome)
  local job = load_job(id)
  local answer = 0
  if not job then
    -- Gone: only a recovery of this worker could have given it to another, or PHP deleted it.
    local cut = let_go(worker, id)
    if known and kind == 'done' and not cut then answer = 1 end
  elseif job.fence == fence then
    -- PHP claims without raising the fence, and leaves no name.
    if job.status == 'queued' and job.worker == worker then
      settle(job, kind, a, b)
      answer = 1
    elseif known and job.status == settled_as[kind] then
      answer = 1
    end
  elseif redis.call('HGET', held_key(worker), id) == CUT then
    let_go(worker, id)
    if job.status == 'cancelled' and job.worker == worker then save_job(job, {'worker', NULL}) end
  end
  accepted[index] = answer
end
return accepted
