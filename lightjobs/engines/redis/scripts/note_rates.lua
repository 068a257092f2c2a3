-- Add to the history.
-- ARGV: prefix; for each bucket: its span; when it begins; for how many seconds buckets of this span are kept; the number of
-- rows; and for each row its name and its numbers, as in rates.py.
-- The hash of a bucket ends by itself. `rates:<span>` has which buckets there are.
local MAXIMA = {[6] = true, [7] = true}

local function numbers_of(text)
  local numbers = {}
  for number in (text .. ','):gmatch('([^,]*),') do numbers[#numbers + 1] = number end
  return numbers
end

local function added(former, text)
  local numbers, more = numbers_of(former), numbers_of(text)
  for place = 1, math.max(#numbers, #more) do
    local a, b = tonumber(numbers[place]), tonumber(more[place])
    if not a or not b then
      numbers[place] = a and numbers[place] or more[place] or ''
    elseif MAXIMA[place] then
      numbers[place] = a < b and more[place] or numbers[place]
    else
      numbers[place] = string.format('%.0f', a + b)
    end
  end
  return table.concat(numbers, ',')
end

local index = 2
while index < #ARGV do
  local span, bucket, kept, count = unpack(ARGV, index, index + 3)
  local buckets = prefix .. 'rates:' .. span
  local key = buckets .. ':' .. bucket
  index = index + 4
  for _ = 1, tonumber(count) do
    local name, numbers = ARGV[index], ARGV[index + 1]
    local former = redis.call('HGET', key, name)
    redis.call('HSET', key, name, former and added(former, numbers) or numbers)
    index = index + 2
  end
  if redis.call('ZADD', buckets, bucket, bucket) == 1 then
    local newest = redis.call('ZREVRANGE', buckets, 0, 0)[1]
    redis.call('ZREMRANGEBYSCORE', buckets, '-inf', newest - kept)
  end
  for _, each in ipairs({key, buckets}) do redis.call('EXPIRE', each, kept + span) end
end
return 1
