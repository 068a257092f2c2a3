-- Note a transfer from this store, unless there is one.
-- ARGV: prefix; id; target. Returns the id and the target of the one that is noted.
if redis.call('EXISTS', transfer_key) == 0 then
  redis.call('HSET', transfer_key, 'id', ARGV[2], 'target', ARGV[3], 'open', 1, 'left', 0)
end
return redis.call('HMGET', transfer_key, 'id', 'target')
