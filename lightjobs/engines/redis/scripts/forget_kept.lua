-- Delete completed jobs that were kept on their own account until now.
-- ARGV: prefix; the most jobs to look at. Returns how many it has looked at, and how many it has deleted. A job that was run
-- again, and is not kept on its own account any more, stays.
local ids = redis.call('ZRANGEBYSCORE', kept_key, '-inf', score(now()), 'LIMIT', 0, tonumber(ARGV[2]))
if #ids == 0 then return {0, 0} end
redis.call('ZREM', kept_key, unpack(ids))
local deleted = 0
for _, id in ipairs(ids) do
  local job = load_job(id)
  if job and not job.php and job.status == 'completed' and redis.call('HEXISTS', job.key, 'kept_until') == 1 then
    unlist(job)
    redis.call('DEL', job.key)
    if job.batch then flow().batches().removed(job) end
    deleted = deleted + 1
  end
end
return {#ids, deleted}
