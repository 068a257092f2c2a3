-- The groups of waiting jobs.
-- ARGV: prefix; ids. Returns the group of each that has one and waits.
local found = {}
for index = 2, #ARGV do
  local job = load_job(ARGV[index], {'status', 'group'})
  if job and job.status == 'new' and job.group then found[#found + 1] = job.group end
end
return found
