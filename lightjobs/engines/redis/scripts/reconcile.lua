-- Set right which jobs are counted as failed, PHP having failed, retried or deleted some.
-- ARGV: prefix; search or ""; how far it has come; ids.
-- Returns {how many were set right, how many more jobs are counted than have failed}.
write_although_full()
local changed = 0
if ARGV[2] ~= '' then redis.call('HSET', prefix .. 'marks', ARGV[2], ARGV[3]) end
for index = 4, #ARGV do
  local id = ARGV[index]
  local failed = redis.call('ZSCORE', prefix .. 'failed', id)
  local counted = redis.call('HEXISTS', prefix .. 'failed_in', id) == 1
  if failed and not counted then
    -- One that cannot be read has a place in the set, and in no queue's count.
    local job = load_job(id)
    count_failed(id, job and job.queue or '')
    changed = changed + 1
  elseif counted and not failed then
    uncount_failed(id)
    changed = changed + 1
  end
end
return {changed, redis.call('HLEN', prefix .. 'failed_in') - redis.call('ZCARD', prefix .. 'failed')}
