-- Accept an entry's slots again.
-- ARGV: prefix; entry; the moment (unix seconds) up to which they are passed over. Returns 1; 0 when it
-- is not paused.
local last = last_slot(ARGV[2])
if not last or not last.paused then return 0 end
write_although_full()
last.due, last.paused = math.max(last.due, tonumber(ARGV[3])), false
note_slot(ARGV[2], last)
return 1
