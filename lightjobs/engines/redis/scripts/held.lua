-- All jobs that a worker has claimed and not settled.
-- ARGV: prefix; worker. Returns them as claim.lua does. Jobs that were taken away from the worker are not among them.
local claims = {}
for _, id in ipairs(redis.call('HKEYS', held_key(ARGV[2]))) do
  local job = load_job(id)
  if job and job.status == 'queued' and job.worker == ARGV[2] then
    claims[#claims + 1] = {id, job.fence, job.handler or '', job.queue, job.payload or '', job.attempts,
      job.recoveries, job.created_at or '', job.options or ''}
  end
end
if #claims == 0 then return '' end
return cjson.encode(claims)
