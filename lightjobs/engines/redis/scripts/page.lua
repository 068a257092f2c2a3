-- A part of several sorted sets of ids, as if they were one, ordered as paging.lua says.
-- ARGV: prefix; 1 for the latest first, or 0 for the earliest first; the second of the place behind which the part begins, or
-- "" for the beginning; the id of that place, or "" for the place before all ids of that second; the most ids of the part;
-- keys. Returns a list with second and id of each job.
local latest_first, most = ARGV[2] == '1', tonumber(ARGV[5])
local after_second, after_id = tonumber(ARGV[3]), ARGV[4] ~= '' and ARGV[4]
-- How many ids of a second are read together.
local SIZE = 200

local function range(key, first, last)
  return redis.call(latest_first and 'ZREVRANGE' or 'ZRANGE', key, first, last, 'WITHSCORES')
end

local function precedes(a, b)
  if latest_first then return a > b end
  return a < b
end

-- The number of ids that precede a second; and of those in a second, up to the last one with a score.
local function rank_of(key, second)
  local low, high = bounds(second)
  if not latest_first then return low == '-inf' and 0 or redis.call('ZCOUNT', key, '-inf', '(' .. low) end
  return high == '+inf' and 0 or redis.call('ZCOUNT', key, high:sub(2), '+inf')
end
local function count_up_to(key, second, at)
  local low, high = bounds(second)
  if latest_first then return redis.call('ZCOUNT', key, at, high) end
  return redis.call('ZCOUNT', key, low, at)
end

-- The rank of the first id that comes after `id`, between two ranks whose ids have the same score: these are in order.
local function rank_after(key, low, high, id)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if precedes(id, range(key, middle, middle)[1]) then high = middle else low = middle + 1 end
  end
  return low
end

local function first_of(ids, count)
  table.sort(ids, precedes)
  for index = #ids, count + 1, -1 do ids[index] = nil end
  return ids
end

-- The first ids of a second that come after `after`, or of all, as many as `count`; and the rank at which the second ends. Ids
-- with the same score are passed over together where none of them can be among the first: a million jobs may have one score.
local function ids_of(key, second, after, count)
  local start, total = rank_of(key, second), redis.call('ZCOUNT', key, bounds(second))
  local ids, place, highest = {}, 0, nil
  local score_before, alike = nil, 0
  while place < total do
    local part = range(key, start + place, start + math.min(place + SIZE, total) - 1)
    for index = 1, #part, 2 do
      local id = part[index]
      if part[index + 1] ~= score_before then score_before, alike = part[index + 1], 0 end
      if not after or precedes(after, id) then
        alike = alike + 1
        if not highest or precedes(id, highest) then ids[#ids + 1] = id end
      end
    end
    if #ids > 2 * count then highest = first_of(ids, count)[count] end
    local last, stop = part[#part - 1], count_up_to(key, second, score_before)
    place = place + #part / 2
    if stop > place then
      if after and not precedes(after, last) then
        place = rank_after(key, start + place, start + stop, after) - start
      elseif alike >= count or (highest and not precedes(last, highest)) then
        place = stop
      end
    end
  end
  return first_of(ids, count), start + total
end

local sets, found = {}, {}
for index = 6, #ARGV do sets[#sets + 1] = {key = ARGV[index], rank = 0} end

-- Look which second comes next in a set, and whether it has one id alone.
local function look(set)
  local two = range(set.key, set.rank, set.rank + 1)
  set.second = two[2] and second_of(two[2])
  set.alone = set.second and (not two[4] or second_of(two[4]) ~= set.second) and two[1]
end

-- Add the ids of a second to the part, from all sets that have come to it.
local function add_second(second, after)
  local left, ids = most - #found / 2, {}
  for _, set in ipairs(sets) do
    if set.second == second then
      local some, stop = {set.alone}, set.rank + 1
      if not set.alone then some, stop = ids_of(set.key, second, after, left) end
      for _, id in ipairs(some) do ids[#ids + 1] = id end
      set.rank = stop
      look(set)
    end
  end
  for _, id in ipairs(first_of(ids, left)) do
    found[#found + 1] = second_text(second)
    found[#found + 1] = id
  end
end

local function next_second()
  local second
  for _, set in ipairs(sets) do
    if set.second and (not second or precedes(set.second, second)) then second = set.second end
  end
  return second
end

for _, set in ipairs(sets) do
  if after_second then set.second = after_second else look(set) end
end
if after_second then add_second(after_second, after_id) end
while #found < 2 * most do
  local second = next_second()
  if not second then break end
  add_second(second)
end
return found
