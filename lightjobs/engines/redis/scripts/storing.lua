-- Put before the scripts that store new jobs, after lib.lua. From `first` on, `texts` has for each job its id, handler,
-- queue, payload, due or "", priority, options or "". A script that fails leaves what it has written, so it must fail at its
-- first write or not at all: a full Redis refuses the first one, and none after that.
local function write_job(form, created_at, id, handler, queue, payload, due, priority, options)
  local scheduled_at = due == '' and created_at or utc_text(tonumber(due))
  if form == 'php' then
    local quoted = php().quoted
    local names = {'id', 'handler', 'payload', 'scheduled_at', 'status', 'queue', 'attempts', 'created_at'}
    local raw = {id = quoted(id), handler = quoted(handler), payload = quoted(payload),
      scheduled_at = quoted(scheduled_at), status = quoted('new'), queue = quoted(queue),
      attempts = 'i:0;', created_at = quoted(created_at)}
    if priority ~= '0' then names[#names + 1] = 'priority'; raw.priority = 'i:' .. priority .. ';' end
    if options ~= '' then names[#names + 1] = 'options'; raw.options = quoted(options) end
    redis.call('SET', job_key(id), php().written({names = names, raw = raw}))
  else
    local key = job_key(id)
    redis.call('HSET', key, 'id', id, 'handler', handler, 'payload', payload, 'scheduled_at', scheduled_at,
      'status', 'new', 'queue', queue, 'attempts', '0', 'created_at', created_at)
    if priority ~= '0' then redis.call('HSET', key, 'priority', priority) end
    if options ~= '' then redis.call('HSET', key, 'options', options) end
  end
end

-- Tell the workers of queues that have new jobs. `queues` has whether one of them is due.
local function wake_all(queues)
  for queue, is_due in pairs(queues) do
    -- Where there was a token already, the push that left it has noted the queue.
    if wake(queue, is_due) then redis.call('SADD', prefix .. 'queues', queue) end
  end
end

local function store(form, texts, first)
  -- A job without a due time is due in this second, without its fraction, as PHP stores it: jobs of one second are then in
  -- the order of their ids, which is that of birth. The score is the text from the server: Lua would write 17 digits.
  local second, micros = unpack(redis.call('TIME'))
  local created_at = utc_text(tonumber(second))
  local queues = {}
  for at = first, #texts, 7 do
    local id, _, queue, _, due, priority = unpack(texts, at, at + 5)
    write_job(form, created_at, unpack(texts, at, at + 6))
    redis.call('ZADD', queue_key(queue, tonumber(priority)), due == '' and second or due, id)
    queues[queue] = queues[queue] or due == '' or tonumber(due) <= second + micros / 1000000
  end
  wake_all(queues)
end

-- A batch of many jobs is stored in several steps, so that no step takes long: first the jobs, in no queue, then all are
-- queued in one step. `staged` has the batches that are not queued yet, by the time of their last step, or 0 for one that
-- is given up; `staged:<batch>` the ids of its jobs.
local staged = prefix .. 'staged'
local function staged_key(batch) return staged .. ':' .. batch end
