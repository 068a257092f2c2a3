-- The library that goes before every script, after php.lua: keys, time, and jobs in either form.
-- lua.py sends with a script only the definitions that it uses, and finds them by pattern. So here, in
-- php.lua and in each file of lua.PARTS:
--   - a definition begins at the margin with `local`; everything up to the next `local` at the margin
--     belongs to it, so nothing else stands at the margin but `end` and what closes a table;
--   - it uses only names that are defined before it;
--   - a name is used as a whole word, and text in quotes counts as a use: that only sends more;
--   - comments stand on lines of their own, which are left out.
-- ARGV[1] is the prefix. All other keys are made from it and a queue, worker or id, so with a prefix
-- such as {jobs}: everything is in one slot of a cluster.
local prefix = ARGV[1]
local PRIORITIES = {2, 1, 0, -1, -2}
-- Replaces the fence and queue of a claim when somebody has taken the job away from its worker. It stays until the worker
-- has settled or has been recovered. Without it the outcome would be accepted once the job is deleted, because a job that
-- is gone counts as done.
local CUT = 'cut'
-- Workers must be able to drain a full Redis. It refuses commands that take memory, except in a script that has written
-- already; and a removal is a write that takes no memory.
local function write_although_full() redis.call('DEL', prefix .. 'nothing') end

local function job_key(id) return prefix .. 'job:' .. id end
local function held_key(worker) return prefix .. 'held:' .. worker end
-- The jobs of one queue that are paused, by due time, or that are cancelled or completed, by the time they ended.
local function index_key(status, queue) return prefix .. status .. '_in:' .. queue end

-- Lightpack knows one set for each queue, that of the normal priority. PHP does not look into the other sets.
local function queue_key(queue, priority)
  if priority == 0 then return prefix .. 'queue:' .. queue end
  return prefix .. 'ready:' .. priority .. ':' .. queue
end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

-- A table that makes a value when it is first asked for, and keeps it.
local function memo(make)
  return setmetatable({}, {__index = function(known, key)
    local value = make(key)
    known[key] = value
    return value
  end})
end

-- Not tostring(): it keeps 14 digits, which is a tenth of a millisecond.
local function score(moment) return string.format('%.6f', moment) end

-- YYYY-MM-DD HH:MM:SS in UTC; Redis's Lua has no os.date.
local function utc_text(moment)
  -- x - x % 1 is the floor of x, at a tenth of what calling math.floor takes.
  local seconds = moment - moment % 1
  local rest = seconds % 86400
  -- Days since 0000-03-01, in 400-year eras: the year begins in March, so a leap day ends it.
  local z = (seconds - rest) / 86400 + 719468
  local doe = z % 146097
  local yoe = (doe - (doe - doe % 1460) / 1460 + (doe - doe % 36524) / 36524 - (doe - doe % 146096) / 146096) / 365
  yoe = yoe - yoe % 1
  local doy = doe - (365 * yoe + (yoe - yoe % 4) / 4 - (yoe - yoe % 100) / 100)
  local mp = (5 * doy + 2) / 153
  mp = mp - mp % 1
  local before = (153 * mp + 2) / 5
  local day = doy - (before - before % 1) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + (z - doe) / 146097 * 400 + (month <= 2 and 1 or 0)
  local minutes = (rest - rest % 60) / 60
  return string.format('%04d-%02d-%02d %02d:%02d:%02d', year, month, day,
    (minutes - minutes % 60) / 60, minutes % 60, rest % 60)
end

local FIELDS = {'status', 'fence', 'attempts', 'queue', 'priority', 'handler', 'payload',
  'recoveries', 'created_at', 'options', 'scheduled_at', 'exception', 'failed_at', 'worker', 'updated_at'}

-- A job cannot be run without these. In PHP's form a field may have any type.
local TEXTS = {'status', 'queue', 'handler', 'payload'}

local COUNTS = {'fence', 'attempts', 'recoveries'}
-- The highest count that can be counted up: one more still fits Lightpack's column and a worker's journal.
local HIGHEST_COUNT = 2147483646

-- A field as a count; 0 if it is missing. Returns nil for NaN, a fraction, or a number out of bounds, which cannot be
-- counted up and would otherwise reach the journal, or JSON, which has no NaN.
local function count_of(value)
  if not value then return 0 end
  local number = tonumber(value)
  if number and number >= 0 and number <= HIGHEST_COUNT and number % 1 == 0 then return number end
end

-- A priority that is not one of the five counts as the normal one: no claim looks into the set of any other.
local function priority_of(value)
  if not value then return 0 end
  local number = tonumber(value)
  for _, priority in ipairs(PRIORITIES) do
    if number == priority then return priority end
  end
  return 0
end

-- A job as a table of its fields, or of those in `named`, which begins with the status. Returns nil if there is no such
-- job; nil and the reason if it cannot be read.
local function load_job(id, named)
  local key = job_key(id)
  local names = named or FIELDS
  local values = redis.pcall('HMGET', key, unpack(names))
  -- With room for the fields from the start: a table that has to grow to this size is allocated four times.
  local job = {id = id, key = key, status = false, fence = false, attempts = false, handler = false,
    payload = false, recoveries = false, created_at = false, options = false, priority = false}
  if values.err then
    local text = redis.pcall('GET', key)
    if type(text) ~= 'string' then return nil, 'neither a hash nor a string' end
    local fields, why = php().read(text)
    if not fields then return nil, why end
    job.php = fields
    for _, name in ipairs(FIELDS) do job[name] = php().value(fields.raw[name]) end
    for _, name in ipairs(TEXTS) do
      local raw = fields.raw[name]
      if not raw or raw:sub(1, 1) ~= 's' then return nil, 'its ' .. name .. ' is not text' end
    end
  else
    if not values[1] then
      if redis.call('EXISTS', key) == 1 then return nil, 'it has no status' end
      return nil
    end
    for index, name in ipairs(names) do job[name] = values[index] end
  end
  for _, name in ipairs(COUNTS) do
    job[name] = count_of(job[name])
    if not job[name] then return nil, 'its ' .. name .. ' is not a number that can be counted up' end
  end
  job.priority = priority_of(job.priority)
  return job
end

-- Note why a job cannot be read. The job stays as it is, in no queue.
local function set_aside(id, why)
  redis.call('HSET', prefix .. 'aside', id, why)
end

-- Store changes to a job: {name, value, ...}, where a value is a number, a string, or NULL. The job keeps its form.
local function save_job(job, changes)
  if job.php then
    for index = 1, #changes, 2 do php().change(job.php, changes[index], changes[index + 1]) end
    redis.call('SET', job.key, php().written(job.php))
    return
  end
  -- A claim changes up to 500 jobs and removes no field: then the changes are sent without being copied.
  local set, gone = changes, {}
  for index = 2, #changes, 2 do
    if changes[index] == NULL then gone[#gone + 1] = changes[index - 1] end
  end
  if #gone > 0 then
    set = {}
    for index = 1, #changes, 2 do
      if changes[index + 1] ~= NULL then
        set[#set + 1] = changes[index]
        set[#set + 1] = changes[index + 1]
      end
    end
    redis.call('HDEL', job.key, unpack(gone))
  end
  if #set > 0 then redis.call('HSET', job.key, unpack(set)) end
end

-- Leave a token for the workers that wait for jobs of a queue. One token is enough: the worker that takes it looks at the
-- queue. A waiting worker takes it at once, so every push wakes one. DUE: there is something to claim; LATER: look when the
-- next job is due. Returns whether there was no token yet.
local DUE, LATER = 'due', 'later'
local function wake(queue, is_due)
  local key = prefix .. 'wake:' .. queue
  if redis.call('EXISTS', key) == 1 then return false end
  if redis.call('SISMEMBER', prefix .. 'paused_queues', queue) == 0 then
    redis.call('LPUSH', key, is_due and DUE or LATER)
  end
  return true
end

local function count_queued(queue, by)
  redis.call('HINCRBY', prefix .. 'queued', queue, by)
end

-- What a worker holds is a hash, from the id of a job to the fence and queue of its claim. The queue is in it so that a job
-- can be subtracted from its queue's count even after PHP has deleted it. A script that takes a job away from its worker
-- removes the entry or replaces it with CUT, so any other entry is a job that the worker has.
-- The fence is padded: Redis keeps a hash of up to 512 short values as a list, and searches it from the front, which takes
-- a millisecond for a claim of 500. A hash with a value of more than 64 bytes is a real hash table.
local function held_entry(fence, queue) return string.format('%065d:', fence) .. queue end

-- Take a job off what a worker holds. Returns whether the run had been cut off.
local function let_go(worker, id)
  local entry = redis.call('HGET', held_key(worker), id)
  if not entry then return false end
  redis.call('HDEL', held_key(worker), id)
  if entry == CUT then return true end
  count_queued(entry:match('^%d+:(.*)$'), -1)
  return false
end

-- PHP keeps all failed jobs in one set. So failed_in has the queue of each one that is counted, and failed_counts the
-- number of each queue.
local function uncount_failed(id)
  local queue = redis.call('HGET', prefix .. 'failed_in', id)
  if not queue then return end
  redis.call('HDEL', prefix .. 'failed_in', id)
  if redis.call('HINCRBY', prefix .. 'failed_counts', queue, -1) <= 0 then
    redis.call('HDEL', prefix .. 'failed_counts', queue)
  end
end

local function count_failed(id, queue)
  uncount_failed(id)
  redis.call('HSET', prefix .. 'failed_in', id, queue)
  redis.call('HINCRBY', prefix .. 'failed_counts', queue, 1)
  if queue ~= '' then redis.call('SADD', prefix .. 'queues', queue) end
end

local function enqueue(job, due)
  redis.call('ZADD', queue_key(job.queue, job.priority), score(due), job.id)
  wake(job.queue, due <= now())
end

-- When a job is due, according to its fields: now, if they do not say.
local function due_of(job)
  local y, mo, d, h, mi, s = (job.scheduled_at or ''):match('^(%d%d%d%d)-(%d%d)-(%d%d) (%d%d):(%d%d):(%d%d)')
  if not y then return now() end
  y, mo, d = tonumber(y), tonumber(mo), tonumber(d)
  if mo <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (mo > 2 and mo - 3 or mo + 9) + 2) / 5) + d - 1
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  local days = era * 146097 + doe - 719468
  return days * 86400 + h * 3600 + mi * 60 + s
end

local function registered(worker)
  return redis.call('ZSCORE', prefix .. 'workers', worker) ~= false
end

local function list(job, status, moment)
  if status == 'failed' then
    redis.call('ZADD', prefix .. 'failed', score(moment), job.id)
    count_failed(job.id, job.queue)
  else
    redis.call('ZADD', index_key(status, job.queue), score(moment), job.id)
  end
end

local function fail(job, exception, at)
  let_go(job.worker or '', job.id)
  save_job(job, {'status', 'failed', 'worker', NULL, 'exception', exception, 'failed_at', utc_text(at)})
  list(job, 'failed', at)
end

-- The paused queues, each as a key of a table.
local function paused_queues()
  local paused = {}
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'paused_queues')) do paused[queue] = true end
  return paused
end
