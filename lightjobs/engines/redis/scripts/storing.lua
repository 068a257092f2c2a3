-- Put before the scripts that store new jobs, after lib.lua. From `first` on, `texts` has a row for jobs that follow each other
-- and differ in their ids and payloads alone: handler, queue, due or "", priority, options or "", the number of jobs, and
-- each one's id and payload. A script that fails leaves what it has written, so it must fail at its first write or not at
-- all: a full Redis refuses the first one, and none after that.

-- Call `act` on each row of jobs, as a table.
local function each_row(texts, first, act)
  while first < #texts do
    local handler, queue, due, priority, options, count = unpack(texts, first, first + 5)
    local ids, payloads = {}, {}
    first = first + 6
    for place = 1, tonumber(count) do
      ids[place], payloads[place] = texts[first], texts[first + 1]
      first = first + 2
    end
    act({handler = handler, queue = queue, due = due, priority = priority, options = options, ids = ids, payloads = payloads})
  end
end

local function write_php(row, created_at, scheduled_at)
  local quoted = php().quoted
  local names = {'id', 'handler', 'payload', 'scheduled_at', 'status', 'queue', 'attempts', 'created_at'}
  local raw = {handler = quoted(row.handler), scheduled_at = quoted(scheduled_at), status = quoted('new'),
    queue = quoted(row.queue), attempts = 'i:0;', created_at = quoted(created_at)}
  if row.priority ~= '0' then names[#names + 1] = 'priority'; raw.priority = 'i:' .. row.priority .. ';' end
  if row.options ~= '' then names[#names + 1] = 'options'; raw.options = quoted(row.options) end
  local keys = row.tie and row.tie.keys
  if keys then
    for _, name in ipairs({'unique', 'unique_scope', 'unique_for'}) do names[#names + 1] = name end
    raw.unique_scope, raw.unique_for = quoted(row.tie.scope), quoted(score(row.tie.seconds))
  end
  for place, id in ipairs(row.ids) do
    raw.id, raw.payload = quoted(id), quoted(row.payloads[place])
    if keys then raw.unique = quoted(keys[place]) end
    redis.call('SET', job_key(id), php().written({names = names, raw = raw}))
  end
end

local function write_hashes(row, created_at, scheduled_at)
  local words = {'HSET', 'key', 'id', 'its id', 'payload', 'its payload', 'handler', row.handler,
    'scheduled_at', scheduled_at, 'status', 'new', 'queue', row.queue, 'attempts', '0', 'created_at', created_at}
  if row.priority ~= '0' then words[#words + 1] = 'priority'; words[#words + 1] = row.priority end
  if row.options ~= '' then words[#words + 1] = 'options'; words[#words + 1] = row.options end
  -- The fields of a tie, see tying.lua. The last one is the key, if jobs of the row have one, each its own.
  for _, word in ipairs(row.tie_words or {}) do words[#words + 1] = word end
  local keys, last, payloads, call = row.tie and row.tie.keys, #words, row.payloads, redis.call
  for place, id in ipairs(row.ids) do
    words[2], words[4], words[6] = job_key(id), id, payloads[place]
    if keys then words[last] = keys[place] end
    call(unpack(words))
  end
end

local function write_row(form, row, created_at)
  local is_php = form == 'php' and not (row.tie and (row.tie.group or row.tie.batch))
  local write = is_php and write_php or write_hashes
  write(row, created_at, row.due == '' and created_at or utc_text(tonumber(row.due)))
end

-- Tell the workers of queues that have new jobs. `queues` has whether one of them is due.
local function wake_all(queues)
  for queue, is_due in pairs(queues) do
    -- Where there was a token already, the push that left it has noted the queue.
    if wake(queue, is_due) then redis.call('SADD', prefix .. 'queues', queue) end
  end
end

-- Queue jobs of one queue and priority that are due at the same time. One command takes up to 2000.
local function queue_row(queue, priority, due, ids)
  local words = {}
  for _, id in ipairs(ids) do
    words[#words + 1] = due
    words[#words + 1] = id
  end
  redis.call('ZADD', queue_key(queue, tonumber(priority)), unpack(words))
end

-- Store the jobs of all rows. `prepare`, if given, is called with each row before that.
local function store(form, texts, first, prepare)
  -- A job without a due time is due in this second, without its fraction, as PHP stores it: jobs of one second are then in
  -- the order of their ids, which is that of birth. The score is the text from the server: Lua would write 17 digits.
  local second, micros = unpack(redis.call('TIME'))
  local created_at = utc_text(tonumber(second))
  local queues = {}
  each_row(texts, first, function(row)
    local due = row.due == '' and second or row.due
    if prepare then prepare(row) end
    write_row(form, row, created_at)
    queue_row(row.queue, row.priority, due, row.ids)
    queues[row.queue] = queues[row.queue] or tonumber(due) <= second + micros / 1000000
  end)
  wake_all(queues)
end

-- A batch of many jobs is stored in several steps, so that no step takes long: first the jobs, in no queue, then all are
-- queued in one step. `staged` has the batches that are not queued yet, by the time of their last step, or 0 for one that
-- is given up; `staged:<batch>` the ids of its jobs.
local staged = prefix .. 'staged'
local function staged_key(batch) return staged .. ':' .. batch end
