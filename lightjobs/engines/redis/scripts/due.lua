-- In how many seconds the first job of the queues is due.
-- ARGV: prefix; queues. Returns it as text, negative when it is due; "" when none waits,
-- paused queues left out.
local at, first = now(), nil
local paused = paused_queues()
for index = 2, #ARGV do
  for _, priority in ipairs(paused[ARGV[index]] and {} or PRIORITIES) do
    local head = redis.call('ZRANGE', queue_key(ARGV[index], priority), 0, 0, 'WITHSCORES')
    if head[2] and (not first or tonumber(head[2]) < first) then first = tonumber(head[2]) end
  end
end
if not first then return '' end
return score(first - at)
