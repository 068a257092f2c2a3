-- Goes before every script, after php.lua, base.lua and lanes.lua: jobs in either form, and what becomes of them. The header of
-- base.lua has the rules for it.

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
  'recoveries', 'created_at', 'options', 'scheduled_at', 'exception', 'failed_at', 'worker', 'updated_at',
  'unique', 'group', 'batch'}

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

-- Take a job off what a worker holds. Returns whether the run had been cut off.
local function let_go(worker, id)
  local entry = redis.call('HGET', held_key(worker), id)
  if not entry then return false end
  redis.call('HDEL', held_key(worker), id)
  if entry == CUT then return true end
  if is_grouped(entry) then
    lanes().end_claim(entry)
  else
    count_queued(entry:match('^%d+:(.*)$'), -1)
  end
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
  if job.group then
    lanes().add(job.queue, job.priority, job.group, score(due), {job.id})
  else
    redis.call('ZADD', queue_key(job.queue, job.priority), score(due), job.id)
  end
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

-- What workers say of themselves.
local notes_key = prefix .. 'worker_notes'

-- The completed jobs that are kept on their own account, by when that ends.
local kept_key = prefix .. 'kept'

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

-- The number of characters in UTF-8.
local function length_of(text)
  local _, count = text:gsub('[^\128-\191]', '')
  return count
end

-- The most characters of a job's errors, as in attempt_errors.py.
local MOST_ERRORS = 16000

-- Add to changes of a job the line that comes before its other errors, if there is one. A job in PHP's form has no such field.
local function add_error(changes, job, line)
  if not line or job.php then return end
  local former = redis.call('HGET', job.key, 'errors')
  local errors = former and line .. '\n' .. former or line
  local length = #errors > MOST_ERRORS and length_of(errors) or 0
  while length > MOST_ERRORS do
    local kept, last = errors:match('^(.*)\n(.*)$')
    if not kept then break end
    errors, length = kept, length - length_of(last) - 1
  end
  changes[#changes + 1] = 'errors'
  changes[#changes + 1] = errors
end

local function fail(job, exception, at, line)
  let_go(job.worker or '', job.id)
  local changes = {'status', 'failed', 'worker', NULL, 'exception', exception, 'failed_at', utc_text(at)}
  add_error(changes, job, line)
  save_job(job, changes)
  list(job, 'failed', at)
end

-- The paused queues, each as a key of a table.
local function paused_queues()
  local paused = {}
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. 'paused_queues')) do paused[queue] = true end
  return paused
end
