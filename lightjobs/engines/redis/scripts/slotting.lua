-- Put before the scripts that keep the schedule, after lib.lua. The schedule is one hash, from an entry to
-- "due paused job_id job_due completed". Where job_due is missing, the entry was noted before there was a job_due, or it has
-- no job yet. What came later is in two more hashes, because older versions read that text to its end: the moment after due,
-- and what the entry dispatches, as JSON.
local slots_key = prefix .. 'slots'
local nexts_key, templates_key = prefix .. 'slot_nexts', prefix .. 'slot_templates'

local function last_slot(entry)
  local text = redis.call('HGET', slots_key, entry) or ''
  local due, paused, job_id, job_due, completed = text:match('^(%S+) (%d) (%S*) ?(%S*) ?(%d?)$')
  return due and {
    due = tonumber(due), paused = paused == '1', job_id = job_id, job_due = job_due, completed = completed == '1',
  }
end

local function note_slot(entry, slot)
  local words = {score(slot.due), slot.paused and '1' or '0', slot.job_id, slot.job_due, slot.completed and '1' or '0'}
  redis.call('HSET', slots_key, entry, table.concat(words, ' '))
end

-- Note the moment that follows, as text; "" if there is none.
local function note_next(entry, moment)
  if moment == '' then redis.call('HDEL', nexts_key, entry) else redis.call('HSET', nexts_key, entry, moment) end
end
