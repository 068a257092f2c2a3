-- In how many seconds the first job of the queues is due.
-- ARGV: prefix; queues. Returns it as text, negative when it is due; "" when none waits.
local at, first = now(), nil
for index = 2, #ARGV do
  for _, priority in ipairs(PRIORITIES) do
    local head = redis.call('ZRANGE', queue_key(ARGV[index], priority), 0, 0, 'WITHSCORES')
    if head[2] and (not first or tonumber(head[2]) < first) then first = tonumber(head[2]) end
  end
end
if not first then return '' end
return score(first - at)
