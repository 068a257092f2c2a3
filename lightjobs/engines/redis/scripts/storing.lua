-- Put behind lib.lua before the scripts that store new jobs: each {id, handler, queue, payload, due or "",
-- priority, options or ""}, all texts. What has been written stays written when a script fails: the first
-- write is the first thing that can.
local function store(form, jobs)
  -- Whole seconds, as PHP stores them: jobs of one second are then in order of birth. The score is the
  -- server's own text, because Lua writes a number with 17 digits.
  local second, micros = unpack(redis.call('TIME'))
  local created_at = utc_text(tonumber(second))
  local queues = {}
  for _, new in ipairs(jobs) do
    local id, handler, queue, payload, due, priority, options = unpack(new)
    local scheduled_at = due == '' and created_at or utc_text(tonumber(due))
    if form == 'php' then
      local names = {'id', 'handler', 'payload', 'scheduled_at', 'status', 'queue', 'attempts', 'created_at'}
      local raw = {id = php_string(id), handler = php_string(handler), payload = php_string(payload),
        scheduled_at = php_string(scheduled_at), status = php_string('new'), queue = php_string(queue),
        attempts = 'i:0;', created_at = php_string(created_at)}
      if priority ~= '0' then names[#names + 1] = 'priority'; raw.priority = 'i:' .. priority .. ';' end
      if options ~= '' then names[#names + 1] = 'options'; raw.options = php_string(options) end
      redis.call('SET', job_key(id), php_text({names = names, raw = raw}))
    else
      local fields = {'id', id, 'handler', handler, 'payload', payload, 'scheduled_at', scheduled_at,
        'status', 'new', 'queue', queue, 'attempts', '0', 'created_at', created_at}
      if priority ~= '0' then fields[#fields + 1] = 'priority'; fields[#fields + 1] = priority end
      if options ~= '' then fields[#fields + 1] = 'options'; fields[#fields + 1] = options end
      redis.call('HSET', job_key(id), unpack(fields))
    end
    redis.call('ZADD', queue_key(queue, tonumber(priority)), due == '' and second or due, id)
    queues[queue] = queues[queue] or due == '' or tonumber(due) <= second + micros / 1000000
  end
  for queue, is_due in pairs(queues) do
    -- Where a token lies, another push has noted the queue.
    if wake(queue, is_due) then redis.call('SADD', prefix .. 'queues', queue) end
  end
end
