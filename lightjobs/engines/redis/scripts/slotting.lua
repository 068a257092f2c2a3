-- Put behind lib.lua before the scripts that keep the schedule: one hash, entry to "due paused job_id".
local slots_key = prefix .. 'slots'

local function last_slot(entry)
  local due, paused, job_id = (redis.call('HGET', slots_key, entry) or ''):match('^(%S+) (%d) (.*)$')
  return due and {due = tonumber(due), paused = paused == '1', job_id = job_id}
end

local function note_slot(entry, slot)
  local text = score(slot.due) .. ' ' .. (slot.paused and '1' or '0') .. ' ' .. slot.job_id
  redis.call('HSET', slots_key, entry, text)
end
