-- Find ids that do not belong into a set: their job is gone, or has another status or queue. Or take them out.
-- ARGV: prefix; 1 to take them out, or 0; key of the set; ids, each followed, when taking out, by the state that was found.
-- Returns {id, state, ...}; when taking out, of those that were taken out.
local mending, key, found = ARGV[2] == '1', ARGV[3], {}

local function belongs(job)
  for _, home in ipairs(sets_of(job)) do
    if home == key then return true end
  end
  return false
end

local function take_out(id)
  redis.call('ZREM', key, id)
  local queue = lanes().queue_of(key)
  if queue then lanes().count(queue, -1) end
  if key == prefix .. 'failed' then uncount_failed(id) end
end

if mending then write_although_full() end
for position = 4, #ARGV, mending and 2 or 1 do
  local id = ARGV[position]
  local job, why = load_job(id, JUDGED)
  -- What cannot be read is set aside by the claim that meets it.
  if not why and not (job and belongs(job)) then
    local state = job and state_of(load_job(id, MENDED)) or 'gone'
    if not mending or ARGV[position + 1] == state then
      if mending then take_out(id) end
      found[#found + 1] = id
      found[#found + 1] = state
    end
  end
end
return found
