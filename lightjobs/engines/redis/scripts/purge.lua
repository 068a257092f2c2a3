-- Delete jobs.
-- ARGV: prefix; filters as in bulk.lua; the status; 1 to leave out jobs that are kept on their own account, or 0; ids. Returns what bulk.lua says. A job stays as long as a worker has not
-- let go of it, and so does one that PHP has just taken out of its queue.
local answer = each_fitting(10, function(job)
  if job.status ~= ARGV[8] or job.worker then return false end
  if ARGV[9] == '1' and not job.php and redis.call('HEXISTS', job.key, 'kept_until') == 1 then return false end
  if not unlist(job) and job.status == 'new' then return false end
  redis.call('DEL', job.key)
  if job.batch then flow().batches().removed(job) end
  return true
end)
if made_flow then made_flow.advance_batches() end
return answer
