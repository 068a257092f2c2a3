-- As fill_sqlite.sql, a part at a time.
-- ARGV: the prefix; the number of the first job of the part, of the last one, and of all jobs; unix seconds.
local prefix, first, last, jobs, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local zeros, trace = ('00'):rep(60), '\n\nTraceback (most recent call last):\n' .. ('00'):rep(500)
local LINE = '{"a":1,"at":1800000000,"s":1.5,"w":"host:1:2","k":"error","e":"late"}'

-- The date of a day, counted from 1970.
local function date_of(day)
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, doy - math.floor((153 * mp + 2) / 5) + 1)
end

local dates = {}
local function text_of(moment)
  local day, rest = math.floor(moment / 86400), moment % 86400
  dates[day] = dates[day] or date_of(day)
  return string.format('%s %02d:%02d:%02d', dates[day], math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60)
end

for i = first, last do
  local kind, born = math.floor(i / 50) * 37 % 100, math.floor(now - (jobs - i) * 3024000 / jobs)
  local status = kind < 45 and 'new' or kind < 85 and 'completed' or kind < 95 and 'failed' or kind < 98 and 'cancelled' or 'paused'
  local queue, id = 'queue-' .. i % 10, string.format('job_%013d.00000000', i)
  local due = kind >= 40 and kind < 45 and now + 60 + i % 86400 or born
  local job = {'id', id, 'handler', 'App\\Jobs\\Handler' .. i % 50, 'queue', queue, 'status', status,
    'payload', '{"order":' .. i .. ',"customer":"' .. zeros .. '","token":"secret"}',
    'attempts', (status == 'completed' or status == 'failed') and 1 or 0,
    'created_at', text_of(born), 'scheduled_at', text_of(due), 'options', '{"attempts":3}'}
  local function set(name, value)
    job[#job + 1] = name
    job[#job + 1] = value
  end
  local list = prefix .. status .. '_in:' .. queue
  if status == 'failed' then
    set('exception', (i % 3 == 0 and 'order ' .. i .. ' is gone' or 'Error' .. i % 7 .. ': order ' .. i .. ' was late') .. trace)
    set('errors', LINE)
    redis.call('HSET', prefix .. 'failed_in', id, queue)
    redis.call('HINCRBY', prefix .. 'failed_counts', queue, 1)
    list = prefix .. 'failed'
  elseif status == 'new' then
    list = prefix .. 'queue:' .. queue
  end
  if status ~= 'new' and status ~= 'paused' then
    due = born + 5
    set('failed_at', text_of(due))
  end
  redis.call('HSET', prefix .. 'job:' .. id, unpack(job))
  redis.call('ZADD', list, due, id)
  redis.call('SADD', prefix .. 'queues', queue)
end
