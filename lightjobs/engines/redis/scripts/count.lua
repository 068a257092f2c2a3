-- Count jobs.
-- ARGV: prefix; filters and result as bulk.lua; their status; ids.
local result = each_fitting(6, function(job) return job.status == ARGV[5] end)
return {result[1], ARGV[#ARGV]}
