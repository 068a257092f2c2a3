-- Put before the scripts that show batches, after batches.lua.
-- Batches as JSON [[id, name, parent, whether failures are allowed, total, waiting, running, failed, cancelled, called, created_at,
-- ended_at, cancelled_at], ...], with "" for what is missing; "" if none of the ids is known. Texts as they are stored.
local function batches_as_json(ids)
  -- How many jobs of each batch are claimed. That follows from what the workers hold, which is little compared with the
  -- jobs of a batch.
  local running
  local function count_running()
    running = {}
    for _, worker in ipairs(redis.call('ZRANGE', prefix .. 'workers', 0, -1)) do
      local held = redis.call('HGETALL', held_key(worker))
      for place = 1, #held, 2 do
        -- A job in PHP's form is part of no batch.
        local batch = held[place + 1] ~= CUT and redis.pcall('HGET', job_key(held[place]), 'batch')
        if type(batch) == 'string' then running[batch] = (running[batch] or 0) + 1 end
      end
    end
  end

  local found = {}
  for _, id in ipairs(ids) do
    local name, parent, allows, total, open, inner, failed, cancelled, called, created_at, ended_at, cancelled_at =
      unpack(redis.call('HMGET', batch_counts().key_of(id), 'name', 'parent', 'allow_failures', 'total', 'open', 'inner',
        'failed', 'cancelled', 'called', 'created_at', 'ended_at', 'cancelled_at'))
    if name then
      if tonumber(open) > 0 and not running then count_running() end
      local claimed = tonumber(open) > 0 and running[id] or 0
      found[#found + 1] = {id, name, parent or '', allows or '', total, string.format('%d', open - claimed),
        string.format('%d', claimed + inner), failed, cancelled, called or '', created_at, ended_at or '', cancelled_at or ''}
    end
  end
  return #found > 0 and cjson.encode(found) or ''
end
