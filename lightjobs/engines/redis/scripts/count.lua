-- Count jobs.
-- ARGV: prefix; filters as in bulk.lua; the status; ids. Returns how many jobs fit, and the last id: a count takes nothing
-- out of a list, so the caller's scan goes on after that id.
local result = each_fitting(9, function(job) return job.status == ARGV[8] end)
return {result[1], ARGV[#ARGV]}
