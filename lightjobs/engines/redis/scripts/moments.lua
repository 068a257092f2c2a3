-- When jobs are due, or have ended.
-- ARGV: prefix; the status that they must have; ids. Returns a list with, for each such job: the moment, as stored text, and
-- the id.
local field = ({failed = true, completed = true, cancelled = true})[ARGV[2]] and 'failed_at' or 'scheduled_at'
local found = {}
for index = 3, #ARGV do
  local job = load_job(ARGV[index], {'status', field})
  if job and job.status == ARGV[2] then
    found[#found + 1] = job[field] or ''
    found[#found + 1] = ARGV[index]
  end
end
return found
