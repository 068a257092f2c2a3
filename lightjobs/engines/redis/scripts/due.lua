-- The seconds until the first waiting job of several queues is due.
-- ARGV: prefix; queues. Returns them as text, negative in the past; "" when no job waits. Paused queues do not count.
-- A queue whose five sets are all empty costs one command, and an idle worker has hundreds of such queues.
local at, first = now(), nil
local paused = paused_queues()
local has_lanes = redis.call('EXISTS', laned_key) == 1
local function note(head)
  local due = tonumber(head[2])
  if due and (not first or due < first) then first = due end
end
for index = 2, #ARGV do
  local queue = ARGV[index]
  local keys = {}
  for place, priority in ipairs(PRIORITIES) do keys[place] = queue_key(queue, priority) end
  local sets = redis.call('EXISTS', unpack(keys))
  if sets > 0 and not paused[queue] then
    for _, key in ipairs(keys) do
      local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
      note(head)
      sets = sets - #head / 2
      if sets == 0 then break end
    end
  end
  if has_lanes and not paused[queue] and lanes().is_laned(queue) then
    for _, key in ipairs(lanes().waited_for(queue)) do note(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')) end
    for _, priority in ipairs(PRIORITIES) do
      if lanes().is_ready(queue, priority) then note({'', at}) end
    end
  end
end
if not first then return '' end
return score(first - at)
