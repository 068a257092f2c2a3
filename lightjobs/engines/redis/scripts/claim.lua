-- Claim due jobs for a worker.
-- ARGV: prefix; worker; limit; the number of handlers to skip, and these; queues in strict order. No job of a paused queue is
-- claimed.
-- Returns the claims, as claiming.lua writes them; false when the worker is not registered. A job that cannot be read is set
-- aside: it leaves its queue and is not changed, and the reason is noted.
if not registered(worker) then return false end
for index = 5, 4 + tonumber(ARGV[4]) do skip[ARGV[index]] = true end
-- The ids to take: the first ones, or, when handlers are skipped, the first ones of other handlers; when they are due, if all
-- are due at one moment, or else when each is; and how many were passed over. Jobs that are due at once have their whole
-- second in common, and to ask for the score of each takes the server 0.7 µs a job.
local function first_ids(key, offset)
  local most = math.min(left, 1000)
  if not is_skipping then
    local ids = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'LIMIT', offset, most)
    if #ids == 0 then return ids, nil, nil, 0 end
    local due = redis.call('ZSCORE', key, ids[1])
    if due == redis.call('ZSCORE', key, ids[#ids]) then return ids, due, nil, 0 end
  end
  local found = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'WITHSCORES', 'LIMIT', offset, most)
  local ids, dues, count = {}, {}, 0
  for place = 1, #found, 2 do
    if not (is_skipping and is_skipped(found[place])) then
      count = count + 1
      ids[count], dues[count] = found[place], found[place + 1]
    end
  end
  if is_skipping then looked = looked + #found / 2 end
  return ids, nil, dues, #found / 2 - count
end
-- Take jobs from a queue's list, beginning at an offset. Returns whether to go on, and the offset to go on at.
local function take(queue, key, offset)
  local ids, due, dues, passed = first_ids(key, offset)
  if #ids == 0 then return passed > 0, offset + passed end
  if is_skipping then redis.call('ZREM', key, unpack(ids)) else redis.call('ZREMRANGEBYRANK', key, 0, #ids - 1) end
  -- One entry for each fence: most jobs of a batch have the same fence.
  local held, entries = {}, memo(function(fence) return held_entry(fence, queue) end)
  for place, id in ipairs(ids) do
    -- As claim_job does it for jobs with a group, but without a call for each job, which would take a tenth of a claim.
    local status, fence, attempts, handler, payload, recoveries, created_at, options, job = read(id, NEEDED)
    if status == 'new' then
      fence, attempts = fence + 1, attempts + 1
      mark(id, fence, attempts, job)
      held[#held + 1] = id
      held[#held + 1] = entries[fence]
      add_claim(id, payload, fence, handler, queue, attempts, recoveries, created_at, options)
      if dues then add_due(dues[place], 1) end
    else
      pass_over(id, status, fence)
    end
  end
  if due and #held > 0 then add_due(due, #held / 2) end
  hold(queue, held)
  looked = looked + #ids
  return true, offset + passed
end
-- Drop the token that a push has left for a waiting worker, when nothing is due any more: it would wake one in error.
local function drop_token(queue, is_laned)
  local wake_key = prefix .. 'wake:' .. queue
  if redis.call('LINDEX', wake_key, 0) ~= DUE then return end
  for _, priority in ipairs(PRIORITIES) do
    local key = queue_key(queue, priority)
    if #redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'LIMIT', 0, 1) > 0 then return end
    if is_laned and lanes().is_ready(queue, priority) then return end
  end
  redis.call('DEL', wake_key)
end

-- A replica refuses this write, and with it the claim, even when nothing is due. Otherwise claims from a replica would
-- find nothing, and only the waits between them would fail.
write_although_full()
local paused = paused_queues()
local has_lanes = redis.call('EXISTS', laned_key) == 1
for index = 5 + tonumber(ARGV[4]), #ARGV do
  local queue = ARGV[index]
  local is_laned = has_lanes and not paused[queue] and lanes().is_laned(queue)
  if is_laned then lanes().review(queue) end
  for _, priority in ipairs(paused[queue] and {} or PRIORITIES) do
    if is_laned then
      turns()(queue, priority)
      -- Its lanes may have ended with this claim; others wait for the rest of it.
      is_laned = lanes().is_laned(queue)
    end
    if not is_laned then
      local key = queue_key(queue, priority)
      -- Look again: ids whose job is gone or cannot be read leave room for others. But a script must end soon.
      local more, offset = true, 0
      while left > 0 and looked < MOST_LOOKED and more do more, offset = take(queue, key, offset) end
    end
    if left <= 0 then break end
  end
  if not is_skipping then drop_token(queue, is_laned) end
  if left <= 0 then break end
end
return claims_as_json(at)
