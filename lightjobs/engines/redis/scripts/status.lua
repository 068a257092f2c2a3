-- The status of a job.
-- ARGV: prefix; id. Returns false if there is no such job, or it cannot be read.
local job = load_job(ARGV[2], {'status'})
return job and job.status or false
