-- Correct which jobs are counted as failed, after PHP has failed, retried or deleted some.
-- ARGV: prefix; name of the search, or ""; how far it has come; ids.
-- Returns {how many of the jobs were corrected, how many more jobs are counted than have failed}.
write_although_full()
local changed = 0
if ARGV[2] ~= '' then redis.call('HSET', prefix .. 'marks', ARGV[2], ARGV[3]) end
if #ARGV > 3 then
  local failed = redis.call('ZMSCORE', prefix .. 'failed', unpack(ARGV, 4))
  local counted = redis.call('HMGET', prefix .. 'failed_in', unpack(ARGV, 4))
  for index = 4, #ARGV do
    local id = ARGV[index]
    if failed[index - 3] and not counted[index - 3] then
      -- A job that cannot be read is in the set, too, but is not counted for any queue.
      local queue = redis.pcall('HGET', job_key(id), 'queue')
      if type(queue) == 'table' then queue = (load_job(id) or {}).queue end
      count_failed(id, queue or '')
      changed = changed + 1
    elseif counted[index - 3] and not failed[index - 3] then
      uncount_failed(id)
      changed = changed + 1
    end
  end
end
return {changed, redis.call('HLEN', prefix .. 'failed_in') - redis.call('ZCARD', prefix .. 'failed')}
