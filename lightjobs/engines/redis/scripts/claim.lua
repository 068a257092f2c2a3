-- Claim due jobs for a worker.
-- ARGV: prefix; worker; limit; the number of handlers to skip, and these; queues in strict order. No job of a paused queue is
-- claimed.
-- Returns the claims, as claiming.lua writes them; false when the worker is not registered. A job that cannot be read is set
-- aside: it leaves its queue and is not changed, and the reason is noted.
local worker, left = ARGV[2], tonumber(ARGV[3])
if not registered(worker) then return false end
local at = now()
local updated_at = utc_text(at)
local ELSEWHERE = {queued = true, failed = true, paused = true, cancelled = true, completed = true}
local looked = 0
local skip, is_skipping = {}, tonumber(ARGV[4]) > 0
for index = 5, 4 + tonumber(ARGV[4]) do skip[ARGV[index]] = true end
local NEEDED = {'status', 'fence', 'attempts', 'handler', 'payload', 'recoveries', 'created_at', 'options'}
-- Counts by their texts, and the other way round. The jobs of a batch have few different ones.
local counts = memo(count_of)
local texts = memo(function(count) return string.format('%d', count) end)

-- What is needed of a job. A job in PHP's form follows as a table. Nearly all jobs are hashes with readable counts, and to
-- make a table of such a job would take half as long as to read it. Returns nil if there is no such job; nil and the reason
-- if it cannot be read.
local function read(id)
  -- An id passes through JSON into a worker's journal, which has 47 bytes for it and pads them with NUL.
  if #id > 47 or not id:find('^[ -~]*$') then return nil, 'its id is not text of at most 47 plain characters' end
  local status, fence, attempts, handler, payload, recoveries, created_at, options =
    unpack(redis.pcall('HMGET', job_key(id), unpack(NEEDED)))
  if status and counts[fence] and counts[attempts] and counts[recoveries] then
    return status, counts[fence], counts[attempts], handler or '', payload or '', counts[recoveries], created_at or '',
      options or ''
  end
  local job, why = load_job(id, NEEDED)
  if not job then return nil, why end
  return job.status, job.fence, job.attempts, job.handler, job.payload, job.recoveries, job.created_at or '',
    job.options or '', job
end
-- The ids to take: the first ones, or, when handlers are skipped, the first ones of other handlers. The second result is
-- how many were passed over.
local function first_ids(key, offset)
  local ids = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'LIMIT', offset, math.min(left, 1000))
  if not is_skipping then return ids, 0 end
  local others = {}
  for _, id in ipairs(ids) do
    local status, _, _, handler = read(id)
    if status ~= 'new' or not skip[handler] then others[#others + 1] = id end
  end
  looked = looked + #ids
  return others, #ids - #others
end
-- Take jobs from a queue's list, beginning at an offset. Returns whether to go on, and the offset to go on at.
local function take(queue, key, offset)
  local ids, passed = first_ids(key, offset)
  if #ids == 0 then return passed > 0, offset + passed end
  if is_skipping then redis.call('ZREM', key, unpack(ids)) else redis.call('ZREMRANGEBYRANK', key, 0, #ids - 1) end
  -- One entry for each fence: most jobs of a batch have the same fence.
  local held, entries = {}, memo(function(fence) return held_entry(fence, queue) end)
  for _, id in ipairs(ids) do
    local status, fence, attempts, handler, payload, recoveries, created_at, options, job = read(id)
    if status == 'new' then
      fence, attempts = fence + 1, attempts + 1
      if job then
        save_job(job, {'status', 'queued', 'attempts', attempts, 'updated_at', updated_at, 'fence', fence, 'worker', worker})
      else
        redis.call('HSET', job_key(id), 'status', 'queued', 'attempts', texts[attempts], 'updated_at', updated_at,
          'fence', texts[fence], 'worker', worker)
      end
      held[#held + 1] = id
      held[#held + 1] = entries[fence]
      add_claim(id, payload, fence, handler, queue, attempts, recoveries, created_at, options)
    elseif status and not ELSEWHERE[status] then
      set_aside(id, 'its status is unknown')
    elseif not status and fence then
      set_aside(id, fence)
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
return claims_as_json()
