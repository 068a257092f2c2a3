-- Store jobs, all or none.
-- ARGV: prefix; form, hash or php; for each job id, handler, queue, payload, due or "", priority, options or "".
-- Returns how many. A full Redis refuses the first write, so nothing is stored.
local jobs = {}
for index = 3, #ARGV, 7 do
  jobs[#jobs + 1] = {ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3], ARGV[index + 4],
    ARGV[index + 5], ARGV[index + 6]}
end
store(ARGV[2], jobs)
return #jobs
