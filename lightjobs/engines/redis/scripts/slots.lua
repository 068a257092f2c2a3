-- What is noted of each entry of the schedule.
-- ARGV: prefix; 1 to return templates, too, or 0. Returns one list with, for each entry: its name; due; 1 if it is paused, or
-- 0; its last job's id, or ""; the moment of that job, or ""; 1 if that job completed, or 0; the next moment, or ""; its
-- template, or "".
local found = {}
for _, entry in ipairs(redis.call('HKEYS', slots_key)) do
  local slot = last_slot(entry)
  local words = {
    entry, score(slot.due), slot.paused and '1' or '0', slot.job_id, slot.job_due, slot.completed and '1' or '0',
    redis.call('HGET', nexts_key, entry) or '', ARGV[2] == '1' and redis.call('HGET', templates_key, entry) or '',
  }
  for _, value in ipairs(words) do found[#found + 1] = value end
end
return found
