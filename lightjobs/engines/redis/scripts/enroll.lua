-- Add the entries of the schedule that are not known yet.
-- ARGV: prefix; due, unix seconds: slots up to then do not count as missed; entries.
for index = 3, #ARGV do
  if not last_slot(ARGV[index]) then
    note_slot(ARGV[index], {due = tonumber(ARGV[2]), paused = false, job_id = '', job_due = ''})
  end
end
return 0
