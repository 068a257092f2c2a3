-- Take jobs out of a list for a transfer.
-- ARGV: prefix; id of the transfer; status; "=" and a queue, or "" for any; key of the list; the rank at which to begin; how many
-- jobs to look at. Returns {how many were taken, how many were looked at}; nil if the transfer takes no more jobs.
local transfer, status, queue = ARGV[2], ARGV[3], ARGV[4]
if not is_noted(transfer) or redis.call('HGET', transfer_key, 'open') ~= '1' then return nil end
write_although_full()
local ids = redis.call('ZRANGE', ARGV[5], ARGV[6], ARGV[6] + ARGV[7] - 1)
local count = 0
for _, id in ipairs(ids) do
  local job = load_job(id, {'status', 'queue', 'priority', 'worker', 'group', 'batch'})
  if job and not job.batch and may_move(job, status, queue) then
    redis.call('ZADD', moving_key(transfer), unlist(job), id)
    if status == 'completed' then redis.call('ZREM', kept_key, id) end
    save_job(job, {'status', MOVING .. status})
    count = count + 1
  end
end
return {count, #ids}
