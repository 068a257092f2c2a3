-- The oldest due job of each queue. The work for a queue does not grow with its jobs, but
-- with its groups.
-- ARGV: prefix; queues. Returns a list that begins with the store's time, as text, and has for each queue with a due job: its
-- name; when its oldest due job is due, as text; and that job's id.
local at = now()
local found = {score(at)}
local has_lanes = redis.call('EXISTS', laned_key) == 1
for index = 2, #ARGV do
  local queue, keys = ARGV[index], {}
  for place, priority in ipairs(PRIORITIES) do keys[place] = queue_key(queue, priority) end
  local sets, first = redis.call('EXISTS', unpack(keys)), nil
  for _, key in ipairs(keys) do
    if sets == 0 then break end
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] and (not first or tonumber(head[2]) < tonumber(first[2])) then first = head end
    sets = sets - #head / 2
  end
  for _, key in ipairs(has_lanes and lanes().is_laned(queue) and lanes().keys_of(queue) or {}) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] and (not first or tonumber(head[2]) < tonumber(first[2])) then first = head end
  end
  if first and tonumber(first[2]) <= at then
    for _, text in ipairs({queue, first[2], first[1]}) do found[#found + 1] = text end
  end
end
return found
