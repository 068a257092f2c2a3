-- All jobs that a worker has claimed and not settled.
-- ARGV: prefix; worker. Returns them as claiming.lua writes them. Jobs that were taken away from the worker are not among them.
for _, id in ipairs(redis.call('HKEYS', held_key(ARGV[2]))) do
  local job = load_job(id)
  if job and job.status == 'queued' and job.worker == ARGV[2] then
    add_claim(id, job.payload or '', job.fence, job.handler or '', job.queue, job.attempts, job.recoveries,
      job.created_at or '', job.options or '')
  end
end
return claims_as_json(now())
