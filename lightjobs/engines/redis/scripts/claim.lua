-- Claim due jobs for a worker.
-- ARGV: prefix; worker; limit; the number of handlers to skip, and these; queues in strict order. No job of a paused queue is
-- claimed.
-- Returns JSON [[id, fence, handler, queue, payload, attempts, recoveries, created_at, options or ""], ...]; "" when nothing
-- is due; false when the worker is not registered. A job that cannot be read is set aside: it leaves its queue and is not
-- changed, and the reason is noted.
local worker, left = ARGV[2], tonumber(ARGV[3])
if not registered(worker) then return false end
local at = now()
local updated_at = utc_text(at)
local claims = {}
local ELSEWHERE = {queued = true, failed = true, paused = true, cancelled = true, completed = true}
local looked = 0
local skip, is_skipping = {}, tonumber(ARGV[4]) > 0
for index = 5, 4 + tonumber(ARGV[4]) do skip[ARGV[index]] = true end
local NEEDED = {'status', 'fence', 'attempts', 'handler', 'payload', 'recoveries', 'created_at', 'options'}
-- An id passes through JSON into a worker's journal, which has 47 bytes for it and pads them with NUL.
local function keeps_its_id(id) return #id <= 47 and not id:find('[^ -~]') end
local function load_new(id)
  if keeps_its_id(id) then return load_job(id, NEEDED) end
  return nil, 'its id is not text of at most 47 plain characters'
end
-- The ids to take: the first ones, or, when handlers are skipped, the first ones of other handlers. The second result is
-- how many were passed over.
local function first_ids(key, offset)
  local ids = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'LIMIT', offset, math.min(left, 1000))
  if not is_skipping then return ids, 0 end
  local others = {}
  for _, id in ipairs(ids) do
    local job = load_new(id)
    if not (job and job.status == 'new' and skip[job.handler or '']) then others[#others + 1] = id end
  end
  looked = looked + #ids
  return others, #ids - #others
end
-- Take jobs from a queue's list, beginning at an offset. Returns whether to go on, and the offset to go on at.
local function take(queue, key, offset)
  local ids, passed = first_ids(key, offset)
  if #ids == 0 then return passed > 0, offset + passed end
  redis.call('ZREM', key, unpack(ids))
  -- One entry for each fence: most jobs of a batch have the same fence.
  local held, entries = {}, {}
  for _, id in ipairs(ids) do
    local job, why = load_new(id)
    if job and job.status == 'new' then
      local fence, attempts = job.fence + 1, job.attempts + 1
      save_job(job, {'status', 'queued', 'attempts', attempts, 'updated_at', updated_at,
        'fence', fence, 'worker', worker})
      held[#held + 1] = id
      entries[fence] = entries[fence] or held_entry(fence, queue)
      held[#held + 1] = entries[fence]
      claims[#claims + 1] = {id, fence, job.handler or '', queue, job.payload or '', attempts,
        job.recoveries, job.created_at or '', job.options or ''}
    elseif job and not ELSEWHERE[job.status] then
      set_aside(id, 'its status is unknown')
    elseif why then
      set_aside(id, why)
    end
  end
  if #held > 0 then
    redis.call('HSET', held_key(worker), unpack(held))
    count_queued(queue, #held / 2)
    redis.call('SADD', prefix .. 'queues', queue)
  end
  left = left - #held / 2
  looked = looked + #ids
  return true, offset + passed
end
-- Drop the token that a push has left for a waiting worker, when nothing is due any more: it would wake one in error.
local function drop_token(queue)
  local wake_key = prefix .. 'wake:' .. queue
  if redis.call('LINDEX', wake_key, 0) ~= DUE then return end
  for _, priority in ipairs(PRIORITIES) do
    local key = queue_key(queue, priority)
    if #redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'LIMIT', 0, 1) > 0 then return end
  end
  redis.call('DEL', wake_key)
end

-- A replica refuses this write, and with it the claim, even when nothing is due. Otherwise claims from a replica would
-- find nothing, and only the waits between them would fail.
write_although_full()
local paused = paused_queues()
for index = 5 + tonumber(ARGV[4]), #ARGV do
  local queue = ARGV[index]
  for _, priority in ipairs(paused[queue] and {} or PRIORITIES) do
    local key = queue_key(queue, priority)
    -- Look again: ids whose job is gone or cannot be read leave room for others. But a script must end soon.
    local more, offset = true, 0
    while left > 0 and looked < 10000 and more do more, offset = take(queue, key, offset) end
    if left <= 0 then break end
  end
  if not is_skipping then drop_token(queue) end
  if left <= 0 then break end
end
if #claims == 0 then return '' end
return cjson.encode(claims)
