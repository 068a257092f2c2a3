-- Delete jobs.
-- ARGV: prefix; filters and result as bulk.lua; their status; ids. What a worker has yet to let go of
-- stays, and so does what PHP has just taken out of its queue.
return each_fitting(6, function(job)
  if job.status ~= ARGV[5] or job.worker then return false end
  if not unlist(job) and job.status == 'new' then return false end
  redis.call('DEL', job.key)
  return true
end)
