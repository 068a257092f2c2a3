-- Accept an entry's slots again.
-- ARGV: prefix; entry; the moment (unix seconds) up to which they are passed over. Returns 1; 0 when it
-- is not paused.
local last = last_slot(ARGV[2])
if not last or not last.paused then return 0 end
write_although_full()
note_slot(ARGV[2], {due = math.max(last.due, tonumber(ARGV[3])), paused = false, job_id = last.job_id})
return 1
