-- Delete jobs of a batch that was never queued, because its producer has died or was refused.
-- ARGV: prefix; seconds since a batch's last step after which it is given up; the most jobs to delete; optionally the batch.
-- Returns how many jobs were deleted.
write_although_full()
local batch = ARGV[4] or redis.call('ZRANGEBYSCORE', staged, '-inf', score(now() - ARGV[2]), 'LIMIT', 0, 1)[1]
if not batch then return 0 end
redis.call('ZADD', staged, 'XX', 0, batch)
local ids = redis.call('SPOP', staged_key(batch), ARGV[3])
for _, id in ipairs(ids) do redis.call('DEL', job_key(id)) end
if #ids == 0 then redis.call('ZREM', staged, batch) end
return #ids
