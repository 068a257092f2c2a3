-- Note that the last job of an entry of the schedule completed.
-- ARGV: prefix; entry; job id. Returns 1; 0 when that is not its last job.
local last = last_slot(ARGV[2])
if not last or last.job_id ~= ARGV[3] then return 0 end
last.completed = true
write_although_full()
note_slot(ARGV[2], last)
return 1
