-- Find dead workers.
-- ARGV: prefix; lease in seconds. Returns the names of up to 100 workers whose lease has run out. When the last sweep is
-- longer than a lease ago, it returns none until half a lease later, so that the living can beat first.
write_although_full()
local at, lease = now(), tonumber(ARGV[2])
local key = prefix .. 'sweep'
local before = redis.call('HMGET', key, 'swept_at', 'recover_from')
local recover_from = tonumber(before[2]) or 0
local back = (tonumber(before[1]) or 0) - at
if back > lease then
  -- The clock was set back by more than a lease: shorten the leases that were extended before that. Those that were
  -- extended since end before the time at which the last sweep took place.
  recover_from = math.min(recover_from, at)
  local workers = prefix .. 'workers'
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', workers, '(' .. score(at + back), '+inf')) do
    redis.call('ZINCRBY', workers, score(-back), worker)
  end
end
if at - (tonumber(before[1]) or 0) > lease then recover_from = at + lease / 2 end
redis.call('HSET', key, 'swept_at', score(at), 'recover_from', score(recover_from))
-- Older versions forget workers and leave their notes.
if redis.call('HLEN', notes_key) > redis.call('ZCARD', prefix .. 'workers') then
  for _, worker in ipairs(redis.call('HKEYS', notes_key)) do
    if not registered(worker) then redis.call('HDEL', notes_key, worker) end
  end
end
if at < recover_from then return {} end
return redis.call('ZRANGEBYSCORE', prefix .. 'workers', '-inf', '(' .. score(at), 'LIMIT', 0, 100)
