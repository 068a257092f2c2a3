-- Refuse an entry's slots from now on.
-- ARGV: prefix; entry. Returns 1; 0 when the entry is unknown or already paused.
local last = last_slot(ARGV[2])
if not last or last.paused then return 0 end
last.paused = true
write_although_full()
note_slot(ARGV[2], last)
return 1
