-- Put before the scripts that take the keys of unique jobs, after lib.lua. `unique:<key>` is "<scope> <until> <id>", with the job
-- that took the key last, and expires then. Whether that job holds the key follows from its status, so nothing has to free it.
local made_keys
-- The functions for keys, defined when the first one is met: most calls meet none.
local function unique_keys()
  if made_keys then return made_keys end
  local HELD_WHILE = {waiting = {new = true, paused = true}, active = {new = true, paused = true, queued = true}}
  -- A longer time is no use, and the server refuses one that is too long.
  local LONGEST = 1000000000

  local function name_of(key) return prefix .. 'unique:' .. key end

  -- The id of the job that holds a key, the scope, and until when, as text; nil if nobody does.
  local function holder(key)
    local text = redis.call('GET', name_of(key))
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

  -- Let a job hold a key from now on.
  local function take(key, scope, seconds, id)
    seconds = math.min(tonumber(seconds), LONGEST)
    redis.call('SET', name_of(key), scope .. ' ' .. score(now() + seconds) .. ' ' .. id,
      'PX', string.format('%d', math.max(1, math.ceil(seconds * 1000))))
  end

  -- Free a key, if that job took it last.
  local function release(key, id)
    local text = redis.call('GET', name_of(key))
    if text and text:match('^%l+ %S+ (.*)$') == id then redis.call('DEL', name_of(key)) end
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

  made_keys = {name_of = name_of, holder = holder, take = take, take_again = take_again, release = release,
    terms_of = terms_of}
  return made_keys
end
