-- Find jobs that are not where their status says, or mend them.
-- ARGV: prefix; 1 to mend, or 0; ids, each followed, when mending, by the fault and state that were found.
-- Returns {id, fault, state, ...}; when mending, of those that were mended.
local mending, found = ARGV[2] == '1', {}

local function is_in_a_set(job)
  local has_turn = job.status ~= 'new' or not job.group or lanes().has_turn(job.queue, job.priority, job.group)
  for place, key in ipairs(sets_of(job)) do
    -- A lane is the first of two sets. No claim looks into it without a turn.
    if redis.call('ZSCORE', key, job.id) and (has_turn or place == 2) then return true end
  end
  return false
end

local function has_worker(job) return job.worker and job.worker ~= '' end

local function fault_of(job)
  -- It is on its way to another store: see transferring.lua.
  if job.status:find('^moving ') or job.status:find('^staying ') then return nil end
  if job.status == 'queued' then
    -- PHP's workers leave no name. They cannot claim a hash.
    if not has_worker(job) then return not job.php and 'workerless' or nil end
    if not registered(job.worker) then return 'unknown_worker' end
    return redis.call('HEXISTS', held_key(job.worker), job.id) == 0 and 'unheld' or nil
  end
  if #sets_of(job) == 0 then
    return redis.call('HEXISTS', prefix .. 'aside', job.id) == 0 and 'unknown_status' or nil
  end
  if not is_in_a_set(job) then return 'unlisted' end
  if job.status == 'cancelled' and has_worker(job) and not registered(job.worker) then return 'unknown_worker' end
  -- A queue to which PHP has pushed is found by a search of its own.
  if not job.php and job.queue ~= '' and job.status ~= 'failed'
    and redis.call('SISMEMBER', prefix .. 'queues', job.queue) == 0 then return 'unknown_queue' end
end

local function ended_at(job) return due_of({scheduled_at = job.failed_at}) end

local function mend(job, fault)
  if fault == 'unheld' then
    local is_limited = job.group and lanes().is_limited(job.queue)
    local entry = is_limited and lanes().held_entry_head(job.fence, job.queue) .. job.group
    redis.call('HSET', held_key(job.worker), job.id, entry or held_entry(job.fence, job.queue))
    count_queued(job.queue, 1)
    if is_limited then lanes().count_running(job.queue, {job.group}, {1}, 1) end
  elseif fault == 'unknown_status' then
    set_aside(job.id, 'its status is unknown')
  elseif fault == 'unlisted' and job.status == 'new' then
    enqueue(job, due_of(job))
  elseif fault == 'unlisted' then
    list(job, job.status, job.status == 'paused' and due_of(job) or ended_at(job))
  elseif job.status == 'queued' then
    let_go(job.worker or '', job.id)
    save_job(job, {'status', 'new', 'worker', NULL, 'fence', job.fence + 1, 'attempts', math.max(job.attempts - 1, 0),
      'recoveries', job.recoveries + (fault == 'unknown_worker' and 1 or 0)})
    enqueue(job, due_of(job))
  elseif fault == 'unknown_worker' then
    save_job(job, {'worker', NULL})
  end
  if fault ~= 'unknown_status' and job.queue ~= '' then redis.call('SADD', prefix .. 'queues', job.queue) end
end

if mending then write_although_full() end
for position = 3, #ARGV, mending and 3 or 1 do
  -- What cannot be read is set aside by the claim that meets it.
  local job = load_job(ARGV[position], JUDGED)
  local fault = job and fault_of(job)
  if fault then job = load_job(ARGV[position], MENDED) end
  local state = fault and state_of(job)
  if fault and (not mending or (ARGV[position + 1] == fault and ARGV[position + 2] == state)) then
    if mending then mend(job, fault) end
    for _, text in ipairs({job.id, fault, state}) do found[#found + 1] = text end
  end
end
return found
