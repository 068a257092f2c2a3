-- Put before the scripts that take the keys of unique jobs, after lib.lua. `unique:<key>` is "<scope> <until> <id>", with the job
-- that took the key last, and expires then. Whether that job holds the key follows from its status, so nothing has to free it.
local function unique_name(key) return prefix .. 'unique:' .. key end

-- A longer time is no use, and the server refuses one that is too long.
local LONGEST_SECONDS = 1000000000

-- Note that jobs hold keys from now on, each one of them. `names` are those of the entries.
local function note_holders(names, scope, seconds, ids)
  seconds = math.min(tonumber(seconds), LONGEST_SECONDS)
  local head, call = scope .. ' ' .. score(now() + seconds) .. ' ', redis.call
  local milliseconds = string.format('%d', math.max(1, math.ceil(seconds * 1000)))
  for place, id in ipairs(ids) do call('SET', names[place], head .. id, 'PX', milliseconds) end
end

local made_keys
-- The functions for keys, defined when the first one is met: most calls meet none.
local function unique_keys()
  if made_keys then return made_keys end
  local HELD_WHILE = {waiting = {new = true, paused = true}, active = {new = true, paused = true, queued = true}}
  -- What `unique:<key>` says: the id of the job that holds the key, the scope, and until when, as text; nil if nobody does.
  local function read(text)
    if not text then return nil end
    local scope, ends, id = text:match('^(%l+) (%S+) (.*)$')
    if scope == 'window' then return id, scope, ends end
    local status = redis.pcall('HGET', job_key(id), 'status')
    if type(status) == 'table' then
      local job = load_job(id)
      status = job and job.status
    end
    -- On its way to another store, see transferring.lua, it holds what it held before.
    status = status and status:match('^moving (.*)') or status and status:match('^staying (.*)') or status
    if status and HELD_WHILE[scope] and HELD_WHILE[scope][status] then return id, scope, ends end
    return nil
  end

  -- The id of the job that holds a key, the scope, and until when, as text; nil if nobody does.
  local function holder(key) return read(redis.call('GET', unique_name(key))) end

  -- The ids of the jobs that hold keys, by their places in `keys`: of those that are held.
  local function holders(keys)
    local held = {}
    for first = 1, #keys, 2000 do
      local names = {}
      for place = first, math.min(first + 1999, #keys) do names[#names + 1] = unique_name(keys[place]) end
      for index, text in ipairs(redis.call('MGET', unpack(names))) do
        if text then held[first + index - 1] = read(text) end
      end
    end
    return held
  end

  -- Let jobs hold keys from now on, each one of them.
  local function take_all(keys, scope, seconds, ids)
    local names = {}
    for place, key in ipairs(keys) do names[place] = unique_name(key) end
    note_holders(names, scope, seconds, ids)
  end

  -- Let a job hold a key from now on.
  local function take(key, scope, seconds, id) note_holders({unique_name(key)}, scope, seconds, {id}) end

  -- Free a key, if that job took it last.
  local function release(key, id)
    local text = redis.call('GET', unique_name(key))
    if text and text:match('^%l+ %S+ (.*)$') == id then redis.call('DEL', unique_name(key)) end
  end

  -- How long a job holds its key, as it says itself: the scope, and the most seconds, as text.
  local function terms_of(job)
    if job.php then return php().value(job.php.raw.unique_scope), php().value(job.php.raw.unique_for) end
    return unpack(redis.call('HMGET', job.key, 'unique_scope', 'unique_for'))
  end

  -- Let a job that becomes like a new one hold its key again. Returns false, and changes nothing, if another job holds it.
  local function take_again(job)
    local id = holder(job.unique)
    if id and id ~= job.id then return false end
    local scope, seconds = terms_of(job)
    take(job.unique, scope, seconds, job.id)
    return true
  end

  made_keys = {holder = holder, holders = holders, take = take, take_all = take_all, take_again = take_again, release = release,
    terms_of = terms_of}
  return made_keys
end
