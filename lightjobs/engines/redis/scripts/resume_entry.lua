-- Accept an entry's slots again.
-- ARGV: prefix; entry; due, unix seconds: slots up to then are skipped. Returns 1; 0 when the entry is not paused.
local last = last_slot(ARGV[2])
if not last or not last.paused then return 0 end
write_although_full()
last.due, last.paused = math.max(last.due, tonumber(ARGV[3])), false
note_slot(ARGV[2], last)
return 1
