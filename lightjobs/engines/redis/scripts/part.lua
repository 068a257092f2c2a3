-- A part of a list: the ids that follow a given id.
-- ARGV: prefix; key of the list; the id, or "" to begin; the highest score to look at, or "" for the highest in the list;
-- the size of a part.
-- Returns the highest score, to be passed on for the next part, so that jobs that come back to the list in the meantime are
-- not met again; and the ids. A hash or a set is one part, with "" for the score.
-- When the given id is no longer in the list, those before it may be gone, too, so the first part is returned.
local key, after, highest, size = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local kind = redis.call('TYPE', key).ok
if kind == 'set' then return {'', redis.call('SMEMBERS', key)} end
if kind == 'hash' then
  local held, ids = redis.call('HGETALL', key), {}
  for position = 1, #held, 2 do
    if held[position + 1] ~= CUT then ids[#ids + 1] = held[position] end
  end
  return {'', ids}
end
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
if not last then return {'', {}} end
if highest == '' or tonumber(last) < tonumber(highest) then highest = last end
local rank = after ~= '' and redis.call('ZRANK', key, after)
local start = rank and rank + 1 or 0
local ids = {}
local found = redis.call('ZRANGE', key, start, start + size - 1, 'WITHSCORES')
for position = 1, #found, 2 do
  if tonumber(found[position + 1]) > tonumber(highest) then break end
  ids[#ids + 1] = found[position]
end
return {highest, ids}
