-- Read a part of the history.
-- ARGV: prefix; span; how the names of the rows must begin, and how they must end, or "" for any; buckets. Both together are
-- the whole name. Returns a list with, for each bucket that has such rows: the bucket, and one text with their names and
-- numbers, as in rates.py, in turns on lines of their own: one text takes the client less time than a hundred.
local span, head, tail = ARGV[2], ARGV[3], ARGV[4]

local function fitting(rows)
  if head == '' and tail == '' then return rows end
  local found = {}
  for place = 1, #rows, 2 do
    local name = rows[place]
    if name:sub(1, #head) == head and (tail == '' or name:sub(-#tail) == tail) then
      found[#found + 1] = name
      found[#found + 1] = rows[place + 1]
    end
  end
  return found
end

local function rows_of(key)
  if head == '' or tail == '' then return fitting(redis.call('HGETALL', key)) end
  local numbers = redis.call('HGET', key, head .. tail)
  return numbers and {head .. tail, numbers} or {}
end

local found = {}
for index = 5, #ARGV do
  local bucket = ARGV[index]
  local rows = rows_of(prefix .. 'rates:' .. span .. ':' .. bucket)
  if #rows > 0 then
    found[#found + 1] = bucket
    found[#found + 1] = table.concat(rows, '\n')
  end
end
return found
