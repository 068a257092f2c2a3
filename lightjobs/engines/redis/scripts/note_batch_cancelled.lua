-- Note that a batch was cancelled as a whole.
-- ARGV: prefix; id. Returns 1, or 0 if it has ended, was cancelled before, or is not known.
local key = batch_counts().key_of(ARGV[2])
local name, ended_at, cancelled_at = unpack(redis.call('HMGET', key, 'name', 'ended_at', 'cancelled_at'))
if not name or ended_at or cancelled_at then return 0 end
redis.call('HSET', key, 'cancelled_at', score(now()))
return 1
