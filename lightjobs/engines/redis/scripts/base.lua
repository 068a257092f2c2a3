-- Goes before every script, after php.lua and before lanes.lua and lib.lua: keys, time, and what wakes workers.
-- lua.py sends with a script only the definitions that it uses, and finds them by pattern. So here, in
-- the other files that go before every script and in each file of lua.PARTS:
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
-- A job with a group has another kind of entry, which begins with 1: see lanes.lua.
local function is_grouped(entry) return entry:byte(1) == 49 and entry:byte(66) == 58 end
local function held_entry(fence, queue) return string.format('%065d:', fence) .. queue end
