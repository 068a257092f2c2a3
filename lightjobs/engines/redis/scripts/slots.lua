-- What is noted of each entry of the schedule.
-- ARGV: prefix. Returns {entry, due, paused, job id or "", its moment or "", whether it completed, ...}.
local found = {}
for _, entry in ipairs(redis.call('HKEYS', slots_key)) do
  local slot = last_slot(entry)
  local words = {
    entry, score(slot.due), slot.paused and '1' or '0', slot.job_id, slot.job_due, slot.completed and '1' or '0',
  }
  for _, value in ipairs(words) do found[#found + 1] = value end
end
return found
