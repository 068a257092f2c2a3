-- Put jobs back that could not be transferred, and forget the transfer when there are no more.
-- ARGV: prefix; id of the transfer; the most jobs to put back. Returns how many were put back.
if not is_noted(ARGV[2]) then return 0 end
write_although_full()
local places = redis.call('ZRANGE', staying_key(ARGV[2]), 0, ARGV[3] - 1, 'WITHSCORES')
for position = 1, #places, 2 do
  local at = tonumber(places[position + 1])
  local job = load_job(places[position])
  redis.call('ZREM', staying_key(ARGV[2]), places[position])
  if job then
    local status = job.status:sub(#STAYING + 1)
    save_job(job, {'status', status})
    redis.call('SADD', prefix .. 'queues', job.queue)
    if status == 'new' then enqueue(job, at) else list(job, status, at) end
    local kept = not job.php and redis.call('HGET', job.key, 'kept_until')
    if kept then redis.call('ZADD', kept_key, kept, job.id) end
  end
end
if #places == 0 then redis.call('DEL', transfer_key) end
return #places / 2
