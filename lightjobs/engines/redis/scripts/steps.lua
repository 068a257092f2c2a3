-- Put before the scripts that push what follows a job or a batch, after tying.lua. A step is {jobs = {a NewJob, ...}, batch = a
-- NewBatch or nothing}, as batches.py writes it; the due time of its jobs is in seconds from now on.
local made_steps
-- The functions for steps, defined when something follows for the first time.
local function steps_after()
  if made_steps then return made_steps end
  local micros, made = math.floor(now() * 1000000), 0
  -- What comes at the end of the ids of a shard: its number, which its prefix has; see sharded/places.py.
  local number = prefix:match('#(%d+)%l+}')
  local suffix = number and '-' .. number or ''

  -- An id as ids.py makes them. Its last digits follow from what the job follows: two scripts may reach the same microsecond.
  local function new_id(source)
    made = made + 1
    local digits = tonumber(redis.sha1hex(source .. ':' .. made):sub(1, 7), 16) % 100000000
    local at = micros + made
    return string.format('job_%08x%05x.%08d', math.floor(at / 1000000), at % 1000000, digits) .. suffix
  end

  local function value(field)
    if field ~= cjson.null then return field end
  end

  -- The tie in a Flow. Nobody is there to be told of a refusal, so the job is left out instead.
  local function tie_of(flow)
    if not flow then return {} end
    local tie = {group = value(flow[2]), limit = value(flow[3]), batch = value(flow[4])}
    local unique = value(flow[1])
    if unique then
      tie.keys = {unique[1]}
      tie.scope, tie.seconds, tie.taken = unique[2], unique[3], unique[4] == 'replace' and 'replace' or 'keep'
    end
    return tie
  end

  local function row_of(job, source)
    local handler, queue, payload, due, priority, options, flow = unpack(job, 1, 7)
    due = value(due)
    return {handler = handler, queue = queue, due = due and score(now() + due) or '', options = value(options) or '',
      priority = string.format('%d', value(priority) or 0), ids = {new_id(source)}, payloads = {payload},
      tie = tie_of(value(flow))}
  end

  local function text_of(steps) return #steps > 0 and cjson.encode(steps) or '' end

  -- Push steps, with new jobs in the form `form`, after what has the id `source`. A batch that is stored already is left as it
  -- is, and its jobs are not stored again.
  local function push(steps, source, form)
    for _, step in ipairs(steps) do
      local batch = value(step.batch)
      local id = batch and batch[1]
      if not (id and batch_counts().is_known(id)) then
        if id then
          batch_counts().create({id, batch[2], value(batch[3]), batch[4], text_of(batch[5]), text_of(batch[6]),
            text_of(batch[7])})
        end
        local rows = {}
        for place, job in ipairs(step.jobs) do rows[place] = row_of(job, source) end
        local _, passed = tied_pushes().judge(rows)
        local count = tied_pushes().store_rows(form, rows, passed)
        if id then batch_counts().count(id, 'total', count) end
      end
    end
  end

  -- Which callbacks of a batch are to be pushed now: the twin of callbacks_due in batches.py.
  local function callbacks_due(unfinished, failed, cancelled, allows, called)
    local due = {}
    local function add(name, is_due)
      if is_due and not (',' .. called .. ','):find(',' .. name .. ',', 1, true) then due[#due + 1] = name end
    end
    add('then', unfinished + failed + cancelled == 0)
    add('catch', failed > 0 and not (allows and unfinished > 0))
    add('always', unfinished == 0)
    return due
  end

  -- Note that a batch has ended, or that it goes on, also in the batch of which it is a part.
  local function note_end(id, parent, has_ended, failed, cancelled)
    local key, counts = batch_counts().key_of(id), batch_counts()
    if has_ended then
      redis.call('HSET', key, 'ended_at', score(now()))
      redis.call('ZADD', ended_batches_key, score(now()), id)
    else
      redis.call('HDEL', key, 'ended_at')
      redis.call('ZREM', ended_batches_key, id)
    end
    if not parent or not counts.is_known(parent) then return end
    counts.count(parent, 'inner', has_ended and -1 or 1)
    -- What it counts as is noted with it: its own counts may have changed when it goes on.
    local counted = redis.call('HGET', key, 'counted')
    if counted then counts.count(parent, counted, -1) end
    redis.call('HDEL', key, 'counted')
    local counts_as = has_ended and (failed > 0 and 'failed' or cancelled > 0 and 'cancelled')
    if counts_as then
      counts.count(parent, counts_as, 1)
      redis.call('HSET', key, 'counted', counts_as)
    end
    counts.touch(parent)
  end

  -- Push what is due of a batch whose counts have changed.
  local function advance(id)
    local key = batch_counts().key_of(id)
    local open, inner, failed, cancelled, allows, called, ended_at, parent =
      unpack(redis.call('HMGET', key, 'open', 'inner', 'failed', 'cancelled', 'allow_failures', 'called', 'ended_at', 'parent'))
    if not open then return end
    local unfinished = open + inner
    failed, cancelled, called = tonumber(failed), tonumber(cancelled), called or ''
    local due = callbacks_due(unfinished, failed, cancelled, allows, called)
    for _, name in ipairs(due) do
      called = called == '' and name or called .. ',' .. name
      redis.call('HSET', key, 'called', called)
      local text = redis.call('HGET', key, name)
      if text then push(cjson.decode(text), id .. ':' .. name, 'hash') end
    end
    if (unfinished == 0) ~= (ended_at ~= false) then note_end(id, parent, unfinished == 0, failed, cancelled) end
  end

  -- Push what catches the failure of a job, if its options name something.
  local function failed(job)
    local is_read, values = pcall(cjson.decode, job.options)
    local steps = is_read and type(values) == 'table' and values.catch
    if type(steps) == 'table' then push(steps, job.id, job.php and 'php' or 'hash') end
  end

  made_steps = {push = push, advance = advance, failed = failed}
  return made_steps
end

-- Push what is due of the batches whose counts the script has changed. After this, nothing more is counted.
local function advance_batches()
  if not made_batches then return end
  local id = batch_counts().next_touched()
  while id do
    steps_after().advance(id)
    id = batch_counts().next_touched()
  end
end

-- Push what follows from a job that has just failed, which `job` shows as it was before.
local function note_failed(job)
  if job.options and job.options:find('"catch"', 1, true) then steps_after().failed(job) end
  if job.batch then batch_counts().changed(job, 'failed') end
end
