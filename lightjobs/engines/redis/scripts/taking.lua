-- Put before claim.lua, after claiming.lua: reading a job, and marking it as claimed.
local worker, left = ARGV[2], tonumber(ARGV[3])
local at = now()
local updated_at = utc_text(at)
local ELSEWHERE = {queued = true, failed = true, paused = true, cancelled = true, completed = true}
-- How many ids the script has looked at: it must end soon.
local looked, MOST_LOOKED = 0, 10000
local skip, is_skipping = {}, tonumber(ARGV[4]) > 0
local NEEDED = {'status', 'fence', 'attempts', 'handler', 'payload', 'recoveries', 'created_at', 'options'}
-- What is needed of jobs with a group.
local NEEDED_OF_GROUPED = {'status', 'fence', 'attempts', 'handler', 'payload', 'recoveries', 'created_at', 'options',
  'group_limit'}
-- Counts by their texts, and the other way round. The jobs of a batch have few different ones.
local counts = memo(count_of)
local texts = memo(function(count) return string.format('%d', count) end)

-- What is needed of a job. A job in PHP's form follows as a table. Nearly all jobs are hashes with readable counts, and to
-- make a table of such a job would take half as long as to read it. Returns nil if there is no such job; nil and the reason
-- if it cannot be read.
local function read(id, needed)
  -- An id passes through JSON into a worker's journal, which has 47 bytes for it and pads them with NUL.
  if #id > 47 or not id:find('^[ -~]*$') then return nil, 'its id is not text of at most 47 plain characters' end
  local status, fence, attempts, handler, payload, recoveries, created_at, options, limit =
    unpack(redis.pcall('HMGET', job_key(id), unpack(needed)))
  if status and counts[fence] and counts[attempts] and counts[recoveries] then
    return status, counts[fence], counts[attempts], handler or '', payload or '', counts[recoveries], created_at or '',
      options or '', nil, limit
  end
  local job, why = load_job(id, needed)
  if not job then return nil, why end
  return job.status, job.fence, job.attempts, job.handler, job.payload, job.recoveries, job.created_at or '',
    job.options or '', job, job.group_limit
end

local function is_skipped(id)
  local status, _, _, handler = read(id, NEEDED)
  return status == 'new' and skip[handler]
end

-- Whether the group at a place of what turns.lua has drawn has a place for one more job with a limit.
local function has_place(queue, drawn, place, limit)
  if not drawn.is_limited then
    lanes().recount(queue)
    drawn.is_limited, drawn.is_new = true, true
  end
  drawn.running[place] = drawn.running[place] or lanes().running(queue, drawn.groups[place])
  return drawn.running[place] + drawn.claimed[place] < limit
end

-- Mark a job as claimed; `job` is its table, if it is in PHP's form.
local function mark(id, fence, attempts, job)
  if job then
    save_job(job, {'status', 'queued', 'attempts', attempts, 'updated_at', updated_at, 'fence', fence, 'worker', worker})
  else
    redis.call('HSET', job_key(id), 'status', 'queued', 'attempts', texts[attempts], 'updated_at', updated_at,
      'fence', texts[fence], 'worker', worker)
  end
end

-- Set aside what `read` has given for a job that cannot be claimed, unless it is only somewhere else.
local function pass_over(id, status, fence)
  if status and not ELSEWHERE[status] then
    set_aside(id, 'its status is unknown')
  elseif not status and fence then
    set_aside(id, fence)
  end
end

-- Claim a job: `held` gets its id and what the worker holds of it, by the fence. A job with a group comes with its place in what
-- turns.lua has drawn. Returns whether it was claimed; nil if it has to wait for a place in its group.
local function claim_job(id, queue, held, entries, drawn, place)
  local status, fence, attempts, handler, payload, recoveries, created_at, options, job, limit =
    read(id, drawn and NEEDED_OF_GROUPED or NEEDED)
  if status == 'new' then
    -- Whether what is held tells the group, as `entries` is made for it.
    local marks = drawn and drawn.is_limited
    if limit and not has_place(queue, drawn, place, tonumber(limit)) then return nil end
    fence, attempts = fence + 1, attempts + 1
    mark(id, fence, attempts, job)
    held[#held + 1] = id
    held[#held + 1] = drawn and marks and entries[fence] .. drawn.groups[place] or entries[fence]
    add_claim(id, payload, fence, handler, queue, attempts, recoveries, created_at, options)
    return true
  end
  pass_over(id, status, fence)
  return false
end

-- Note what the worker holds now of a queue.
local function hold(queue, held)
  if #held == 0 then return end
  redis.call('HSET', held_key(worker), unpack(held))
  count_queued(queue, #held / 2)
  redis.call('SADD', prefix .. 'queues', queue)
  left = left - #held / 2
end
