-- Make entries of the schedule known that are not.
-- ARGV: prefix; the moment (unix seconds) up to which nothing counts as missed; entries.
for index = 3, #ARGV do
  if not last_slot(ARGV[index]) then
    note_slot(ARGV[index], {due = tonumber(ARGV[2]), paused = false, job_id = '', job_due = ''})
  end
end
return 0
