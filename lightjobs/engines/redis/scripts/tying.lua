-- Put before the scripts that store jobs with a key, a group or a batch, after storing.lua, bulk.lua, unique.lua and batches.lua.
-- Their rows are those of storing.lua, each with its tie: {group, limit, batch, scope, seconds, taken, keys}, of which any may be
-- missing. keys has the key of each job of the row; the scope, the seconds and what to do when it is taken are those of all.
local made_pushes
-- The functions for such jobs, defined when the first one is met.
local function tied_pushes()
  if made_pushes then return made_pushes end
  local WAITS = {new = true, paused = true}

  -- The rows in `texts`, with the ties in `ties`: one for each row, false for none.
  local function rows_of(texts, first, ties)
    local rows = {}
    each_row(texts, first, function(row)
      rows[#rows + 1] = row
      row.tie = ties[#rows] or {}
    end)
    return rows
  end

  -- Find out whose keys are held, and leave those jobs out of the rows. Nothing is written. Returns the answer for the caller,
  -- "stored" and the places of such jobs, counted from 0, each followed by the id of the holder; and what to do with them. Or
  -- nil, the id of a holder, and the key that it holds, if that is to be refused.
  local function judge(rows)
    local mine, away, passed, place = {}, {'stored'}, {}, 0
    for _, row in ipairs(rows) do
      local ids, payloads, keys = {}, {}, {}
      local asked = row.tie.keys or {}
      local held = unique_keys().holders(asked)
      for index, key in ipairs(asked) do
        local id = row.ids[index]
        local holder = mine[key] or held[index]
        local payload = row.payloads and row.payloads[index]
        if not holder then
          mine[key] = id
          local free = #ids + 1
          ids[free], keys[free], payloads[free] = id, key, payload
        elseif row.tie.taken == 'refuse' then
          return nil, holder, key
        else
          away[#away + 1] = place + index - 1
          away[#away + 1] = holder
          passed[#passed + 1] = {id = id, key = key, holder = holder, payload = payload, row = row}
        end
      end
      place = place + #row.ids
      if row.tie.keys then row.ids, row.payloads, row.tie.keys = ids, row.payloads and payloads, keys end
    end
    return away, passed
  end

  -- Give the job that holds a key, if it waits, what a later one brings.
  local function replace(each, second)
    local row, job = each.row, load_job(each.holder)
    if not job or not WAITS[job.status] then return end
    -- New, but in no queue: a PHP worker has taken out the id.
    if not unlist(job) then return end
    local due = row.due == '' and second or row.due
    job.priority = priority_of(row.priority)
    save_job(job, {'payload', each.payload, 'scheduled_at', utc_text(tonumber(due)), 'priority', job.priority})
    if job.status == 'new' then enqueue(job, tonumber(due)) else list(job, 'paused', tonumber(due)) end
    local _, scope = unique_keys().holder(each.key)
    if scope ~= 'window' then unique_keys().take(each.key, row.tie.scope, row.tie.seconds, each.holder) end
  end

  -- Write the jobs of a row, in no queue yet.
  local function write_tied(form, row, created_at)
    local words, tie = {}, row.tie
    local function add(name, value)
      words[#words + 1] = name
      words[#words + 1] = value
    end
    if tie.group then add('group', tie.group) end
    if tie.limit then add('group_limit', string.format('%d', tie.limit)) end
    if tie.batch then add('batch', tie.batch) end
    if tie.keys then
      add('unique_scope', tie.scope)
      add('unique_for', score(tie.seconds))
      add('unique', '')
    end
    row.tie_words = words
    write_row(form, row, created_at)
  end

  local function queue_tied(row, due)
    for first = 1, #row.ids, 2000 do
      local ids = {unpack(row.ids, first, math.min(first + 1999, #row.ids))}
      if row.tie.group then
        lanes().add(row.queue, tonumber(row.priority), row.tie.group, due, ids)
      else
        queue_row(row.queue, row.priority, due, ids)
      end
    end
  end

  -- Store the rows that `judge` has left, or queue them if they have been stored in no queue yet, and do what it has found
  -- to do. Returns how many jobs these are.
  local function store_rows(form, rows, passed, is_staged)
    local second, micros = unpack(redis.call('TIME'))
    local created_at, latest = utc_text(tonumber(second)), second + micros / 1000000
    local queues, count = {}, 0
    for _, row in ipairs(rows) do
      if #row.ids > 0 then
        local due = row.due == '' and second or row.due
        if not is_staged then write_tied(form, row, created_at) end
        queue_tied(row, due)
        queues[row.queue] = queues[row.queue] or tonumber(due) <= latest
        if row.tie.keys then unique_keys().take_all(row.tie.keys, row.tie.scope, row.tie.seconds, row.ids) end
        if row.tie.batch then batch_counts().stored(row.tie.batch, row.ids) end
        count = count + #row.ids
      end
    end
    wake_all(queues)
    for _, each in ipairs(passed) do
      if is_staged then
        local job = load_job(each.id)
        each.payload = job and job.payload
        redis.call('DEL', job_key(each.id))
      end
      if each.row.tie.taken == 'replace' then replace(each, second) end
    end
    return count
  end

  made_pushes = {rows_of = rows_of, judge = judge, store_rows = store_rows, write_tied = write_tied}
  return made_pushes
end
