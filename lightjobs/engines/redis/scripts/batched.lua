-- Find the jobs in a list that would be transferred if they were not part of a batch.
-- ARGV: prefix; status; "=" and a queue, or "" for any; key of the list; the rank at which to begin; how many jobs to look at.
-- Returns how many were looked at, and the ids.
local ids = redis.call('ZRANGE', ARGV[4], ARGV[5], ARGV[5] + ARGV[6] - 1)
local found = {#ids}
for _, id in ipairs(ids) do
  local job = load_job(id, {'status', 'queue', 'worker', 'batch'})
  if job and job.batch and may_move(job, ARGV[2], ARGV[3]) then found[#found + 1] = id end
end
return found
