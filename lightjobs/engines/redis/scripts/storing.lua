-- Put behind lib.lua before the scripts that store new jobs.
local function store(form, jobs)
  local at = now()
  local created_at = utc_text(at)
  local queues = {}
  -- What has been written stays written when a script fails: look at all before the first write.
  for _, new in ipairs(jobs) do
    for field = 1, 4 do
      if type(new[field]) ~= 'string' then return false end
    end
  end
  for _, new in ipairs(jobs) do
    local id, handler, queue, payload, due, priority, options = unpack(new)
    -- Whole seconds, as PHP stores them: jobs of one second are then in order of birth.
    local moment = due == '' and math.floor(at) or tonumber(due)
    local scheduled_at = due == '' and created_at or utc_text(moment)
    if form == 'php' then
      local names = {'id', 'handler', 'payload', 'scheduled_at', 'status', 'queue', 'attempts', 'created_at'}
      local raw = {id = php_string(id), handler = php_string(handler), payload = php_string(payload),
        scheduled_at = php_string(scheduled_at), status = php_string('new'), queue = php_string(queue),
        attempts = 'i:0;', created_at = php_string(created_at)}
      if priority ~= 0 then names[#names + 1] = 'priority'; raw.priority = string.format('i:%d;', priority) end
      if options ~= '' then names[#names + 1] = 'options'; raw.options = php_string(options) end
      redis.call('SET', job_key(id), php_text({names = names, raw = raw}))
    else
      local fields = {'id', id, 'handler', handler, 'payload', payload, 'scheduled_at', scheduled_at,
        'status', 'new', 'queue', queue, 'attempts', '0', 'created_at', created_at}
      if priority ~= 0 then fields[#fields + 1] = 'priority'; fields[#fields + 1] = priority end
      if options ~= '' then fields[#fields + 1] = 'options'; fields[#fields + 1] = options end
      redis.call('HSET', job_key(id), unpack(fields))
    end
    redis.call('ZADD', queue_key(queue, priority), due == '' and moment or score(moment), id)
    queues[queue] = queues[queue] or moment <= at
  end
  for queue, is_due in pairs(queues) do
    redis.call('SADD', prefix .. 'queues', queue)
    wake(queue, is_due)
  end
  return true
end
