-- Find moments that a wrong clock has noted, further ahead than they can be, or set them to the present.
-- ARGV: prefix; 1 to set them, or 0; the seconds that they may lie ahead.
-- Returns the entries of the schedule; and 1 if the search for dead workers is put off, else 0.
local mending, at = ARGV[2] == '1', now()
local latest = at + tonumber(ARGV[3])
if mending then write_although_full() end
local entries = {}
for _, entry in ipairs(redis.call('HKEYS', slots_key)) do
  local slot = last_slot(entry)
  if slot and slot.due > latest then
    entries[#entries + 1] = entry
    slot.due = at
    if mending then note_slot(entry, slot) end
  end
end
local put_off = 0
for _, moment in ipairs(redis.call('HMGET', prefix .. 'sweep', 'swept_at', 'recover_from')) do
  if (tonumber(moment) or 0) > latest then put_off = 1 end
end
if mending and put_off == 1 then
  redis.call('HSET', prefix .. 'sweep', 'swept_at', score(at), 'recover_from', score(at))
end
return {entries, put_off}
