-- Delete jobs.
-- ARGV: prefix; filters as in bulk.lua; the status; ids. Returns what bulk.lua says. A job stays as long as a worker has not
-- let go of it, and so does one that PHP has just taken out of its queue.
return each_fitting(6, function(job)
  if job.status ~= ARGV[5] or job.worker then return false end
  if not unlist(job) and job.status == 'new' then return false end
  redis.call('DEL', job.key)
  return true
end)
