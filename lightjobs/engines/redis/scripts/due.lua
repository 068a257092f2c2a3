-- The seconds until the first waiting job of several queues is due.
-- ARGV: prefix; queues. Returns them as text, negative in the past; "" when no job waits. Paused queues do not count.
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
