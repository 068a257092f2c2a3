-- Forget batches that ended long ago. The set of the jobs of such a batch goes with the last of them.
-- ARGV: prefix; seconds since its end; the most batches to forget. Returns how many these were.
write_although_full()
local ids = redis.call('ZRANGEBYSCORE', ended_batches_key, '-inf', '(' .. score(now() - ARGV[2]), 'LIMIT', 0, tonumber(ARGV[3]))
for _, id in ipairs(ids) do
  local parent = redis.call('HGET', batch_counts().key_of(id), 'parent')
  if parent then redis.call('SREM', batch_parts_key(parent), id) end
  redis.call('DEL', batch_parts_key(id))
  redis.call('DEL', batch_counts().key_of(id))
  redis.call('ZREM', batches_key, id)
  redis.call('ZREM', ended_batches_key, id)
end
return #ids
