-- Put before the scripts that change jobs of batches, after lib.lua. `batch:<id>` has what was given with a batch and its counts:
-- open (jobs that are new, paused or claimed), inner (open batches that are parts of it), failed, and cancelled. What is left of
-- the total is done. `batch_jobs:<id>` has the jobs of it that are there, whatever their status, and `batch_parts:<id>` the batches
-- that are parts of it.
local batches_key, ended_batches_key = prefix .. 'batches', prefix .. 'batches_ended'
local function batch_jobs_key(id) return prefix .. 'batch_jobs:' .. id end
local function batch_parts_key(id) return prefix .. 'batch_parts:' .. id end
local made_batches
-- The functions for batches, defined when the first one is met.
local function batch_counts()
  if made_batches then return made_batches end
  local COUNTED = {new = 'open', paused = 'open', queued = 'open', failed = 'failed', cancelled = 'cancelled'}
  -- The batches whose counts have changed, for which something may be due: see steps.lua.
  local touched, order = {}, {}

  local function key_of(id) return prefix .. 'batch:' .. id end
  -- A batch that is forgotten counts no more.
  local function is_known(id) return redis.call('EXISTS', key_of(id)) == 1 end
  local function count(id, name, by)
    if by ~= 0 then redis.call('HINCRBY', key_of(id), name, by) end
  end

  local function touch(id)
    if touched[id] then return end
    touched[id] = true
    order[#order + 1] = id
  end

  -- The next batch that was touched; nil if there is none.
  local function next_touched()
    local id = table.remove(order, 1)
    if id then touched[id] = nil end
    return id
  end

  -- Count a job whose status changes, before or after the change: job.status is the former one.
  local function changed(job, status, is_removed)
    local id = job.batch
    if is_removed then redis.call('SREM', batch_jobs_key(id), job.id) end
    local from, into = COUNTED[job.status], COUNTED[status]
    if from == into or not is_known(id) then return end
    if from then count(id, from, -1) end
    if into then count(id, into, 1) end
    touch(id)
  end

  -- Count a job that is deleted: it counts as cancelled if it had not ended.
  local function removed(job)
    changed(job, COUNTED[job.status] == 'open' and 'cancelled' or job.status, true)
  end

  -- Count jobs that have been stored.
  local function stored(id, ids)
    for first = 1, #ids, 2000 do
      redis.call('SADD', batch_jobs_key(id), unpack(ids, first, math.min(first + 1999, #ids)))
    end
    if #ids == 0 or not is_known(id) then return end
    count(id, 'open', #ids)
    touch(id)
  end

  -- Count jobs that are done and deleted.
  local function done(id, ids)
    local gone = redis.call('SREM', batch_jobs_key(id), unpack(ids))
    if gone == 0 or not is_known(id) then return end
    count(id, 'open', -gone)
    touch(id)
  end

  -- Store a batch: {id, name, parent, whether failures are allowed, then, catch, always}, the last three as JSON or "".
  local function create(batch)
    local id, name, parent, allows = unpack(batch, 1, 4)
    local at = score(now())
    local words = {'name', name, 'total', 0, 'open', 0, 'inner', 0, 'failed', 0, 'cancelled', 0, 'created_at', at}
    local function add(field, value)
      words[#words + 1] = field
      words[#words + 1] = value
    end
    if parent then add('parent', parent) end
    if allows then add('allow_failures', 1) end
    for place, field in ipairs({'then', 'catch', 'always'}) do
      if batch[4 + place] ~= '' then add(field, batch[4 + place]) end
    end
    redis.call('HSET', key_of(id), unpack(words))
    redis.call('ZADD', batches_key, at, id)
    if parent and is_known(parent) then
      redis.call('SADD', batch_parts_key(parent), id)
      count(parent, 'inner', 1)
      touch(parent)
    end
    touch(id)
  end

  made_batches = {key_of = key_of, is_known = is_known, count = count, touch = touch,
    next_touched = next_touched, changed = changed, removed = removed, stored = stored, done = done, create = create}
  return made_batches
end
