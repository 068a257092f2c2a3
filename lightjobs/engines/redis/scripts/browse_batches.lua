-- Batches with their counts, the latest first.
-- ARGV: prefix; the most to return; optionally the id of the batch behind which the list begins, and when that was made.
-- Returns what listed_batches.lua says.
local most, rank = tonumber(ARGV[2]), nil
if most < 1 then return '' end
if ARGV[3] then
  rank = redis.call('ZREVRANK', batches_key, ARGV[3])
  if not rank then
    return batches_as_json(redis.call('ZREVRANGEBYSCORE', batches_key, '(' .. ARGV[4], '-inf', 'LIMIT', 0, most))
  end
end
local first = rank and rank + 1 or 0
return batches_as_json(redis.call('ZREVRANGE', batches_key, first, first + most - 1))
