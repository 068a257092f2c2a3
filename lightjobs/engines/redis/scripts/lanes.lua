-- Goes before lib.lua, after base.lua: where jobs with a group wait, and which of them run.
--   lane:<priority>:<length of queue>:<queue>:<group>   the due jobs of a group, by due time. The length tells apart the lanes
--                         of queues and groups with colons.
--   lanes:<priority>:<queue>   the groups whose lane may have a job to claim, by turn: who was served goes behind all others.
--                         The jobs without a group are the group "". It is here only while there are lanes.
--   full:<queue>          <priority>:<group> of the lanes whose first job waits for a place in its group, by when that is
--                         looked at again. The end of a claim of the group puts them back in `lanes`.
--   later:<priority>:<queue>   jobs of all groups that are not due yet, by due time. A claim puts those that are due in lanes.
--   laned                 queue to the number of its jobs in lanes and in `later`. Without any, there is no such key, so that
--                         one look is all that groups cost a claim where nobody uses them.
--   running:<queue>       group to the number of its claimed jobs; and "", so that it is there for good. It comes to be when the
--                         first job with a limit is met. Where there are no limits, nobody has to count.
-- Where they are counted, what a worker holds says by its first digit, 1, that a job has a group:
-- 1<fence>:<length of queue>:<queue>:<group>. So a place in a group becomes free in the very step that ends the claim.
local laned_key = prefix .. 'laned'
-- How often it is looked, in seconds, whether the claims live that fill a group. It matters only for what no script has ended:
-- a restored backup, say, or a claim that was ended by a version that knows no groups.
local LIVING_SECONDS = 10
local made_lanes
-- The functions for such jobs, defined when the first one is met, like those for jobs in PHP's form.
local function lanes()
  if made_lanes then return made_lanes end

  local function lane_key(queue, priority, group)
    return prefix .. 'lane:' .. priority .. ':' .. #queue .. ':' .. queue .. ':' .. group
  end
  local function turns_key(queue, priority) return prefix .. 'lanes:' .. priority .. ':' .. queue end
  local function later_key(queue, priority) return prefix .. 'later:' .. priority .. ':' .. queue end
  local function full_key(queue) return prefix .. 'full:' .. queue end
  local function running_key(queue) return prefix .. 'running:' .. queue end

  -- Count jobs that wait in a queue's lanes. The last one that goes leaves nothing of the lanes behind.
  local function count(queue, by)
    if redis.call('HINCRBY', laned_key, queue, by) > 0 then return end
    redis.call('HDEL', laned_key, queue)
    for _, priority in ipairs(PRIORITIES) do redis.call('DEL', turns_key(queue, priority)) end
    redis.call('DEL', full_key(queue))
  end

  local function is_laned(queue) return redis.call('HEXISTS', laned_key, queue) == 1 end

  -- The last turn that a group of the priority has.
  local function last_turn(queue, priority)
    return tonumber(redis.call('ZREVRANGE', turns_key(queue, priority), 0, 0, 'WITHSCORES')[2]) or 0
  end

  -- Give a group a turn, behind all others; a group that has one keeps it.
  local function give_turn(queue, priority, group)
    redis.call('ZADD', turns_key(queue, priority), 'NX', last_turn(queue, priority) + 1, group)
  end

  -- Give a group a turn that has got jobs. At its limit it goes on waiting, unless the first job is another one now.
  local function open(queue, priority, group, ids)
    if redis.call('ZSCORE', turns_key(queue, priority), group) then return end
    local member = priority .. ':' .. group
    if redis.call('ZSCORE', full_key(queue), member) then
      local first = redis.call('ZRANGE', lane_key(queue, priority, group), 0, 0)[1]
      local is_new = false
      for _, id in ipairs(ids) do is_new = is_new or id == first end
      if not is_new then return end
      redis.call('ZREM', full_key(queue), member)
    end
    give_turn(queue, priority, group)
  end

  -- Let a lane wait until a claim of its group ends.
  local function shut(queue, priority, group)
    local at = now()
    redis.call('ZREM', turns_key(queue, priority), group)
    -- All at the same moments, so that a worker that has nothing else to do is not woken for each.
    redis.call('ZADD', full_key(queue), at - at % LIVING_SECONDS + 2 * LIVING_SECONDS, priority .. ':' .. group)
  end

  -- Let jobs of a group wait that wait nowhere yet. All are due at the same time, a text.
  local function add(queue, priority, group, due, ids)
    local is_due, words = tonumber(due) <= now(), {}
    for place, id in ipairs(ids) do words[2 * place - 1], words[2 * place] = due, id end
    local key = is_due and lane_key(queue, priority, group) or later_key(queue, priority)
    local added = redis.call('ZADD', key, unpack(words))
    if added > 0 then count(queue, added) end
    if is_due then open(queue, priority, group, ids) end
  end

  -- Take a job from where it waits. Returns its score there; false if it does not wait.
  local function remove(queue, priority, group, id)
    local lane, found = lane_key(queue, priority, group), false
    for _, key in ipairs({lane, later_key(queue, priority)}) do
      local at = redis.call('ZSCORE', key, id)
      if at then
        found = at
        redis.call('ZREM', key, id)
        if key == lane and redis.call('EXISTS', lane) == 0 then
          redis.call('ZREM', turns_key(queue, priority), group)
          redis.call('ZREM', full_key(queue), priority .. ':' .. group)
        end
        count(queue, -1)
      end
    end
    return found
  end

  -- Whether a lane of the priority may have a job to claim.
  local function is_ready(queue, priority)
    local first = redis.call('ZRANGE', turns_key(queue, priority), 0, 1)
    return first[1] ~= nil and (first[1] ~= '' or first[2] ~= nil)
  end

  -- Put jobs that have become due in their lanes.
  local function ripen(queue, priority)
    local found = redis.call('ZRANGEBYSCORE', later_key(queue, priority), '-inf', score(now()), 'WITHSCORES', 'LIMIT', 0, 1000)
    for place = 1, #found, 2 do
      local id = found[place]
      local group = redis.pcall('HGET', job_key(id), 'group')
      redis.call('ZREM', later_key(queue, priority), id)
      if type(group) == 'string' then add(queue, priority, group, found[place + 1], {id}) end
      count(queue, -1)
    end
  end

  -- The names of the groups of a priority that have lanes.
  local function groups_of(queue, priority)
    local groups = {}
    for _, group in ipairs(redis.call('ZRANGE', turns_key(queue, priority), 0, -1)) do
      if group ~= '' then groups[#groups + 1] = group end
    end
    local head = priority .. ':'
    for _, member in ipairs(redis.call('ZRANGE', full_key(queue), 0, -1)) do
      if member:sub(1, #head) == head then groups[#groups + 1] = member:sub(#head + 1) end
    end
    return groups
  end

  local function later_keys(queue)
    local keys = {}
    for place, priority in ipairs(PRIORITIES) do keys[place] = later_key(queue, priority) end
    return keys
  end

  -- Whether a claim will look into the lane of a group, at once or when it has a place.
  local function has_turn(queue, priority, group)
    return redis.call('ZSCORE', turns_key(queue, priority), group) ~= false
      or redis.call('ZSCORE', full_key(queue), priority .. ':' .. group) ~= false
  end

  -- The queue of a set in which jobs with a group wait; nil for any other key.
  local function queue_of(key)
    local name = key:sub(#prefix + 1)
    local length, first = name:match('^lane:%-?%d:(%d+):()')
    if length then return name:sub(first, first + length - 1) end
    return name:match('^later:%-?%d:(.*)$')
  end

  -- The sets whose first scores say when a claim has to look again at what it cannot claim now.
  local function waited_for(queue)
    local keys = later_keys(queue)
    keys[#keys + 1] = full_key(queue)
    return keys
  end

  -- All sets in which jobs of a queue wait that have a group.
  local function keys_of(queue)
    local keys = later_keys(queue)
    for _, priority in ipairs(PRIORITIES) do
      for _, group in ipairs(groups_of(queue, priority)) do keys[#keys + 1] = lane_key(queue, priority, group) end
    end
    return keys
  end

  -- Whether the claimed jobs of the queue's groups are counted.
  local function is_limited(queue) return redis.call('EXISTS', running_key(queue)) == 1 end

  -- Add to the numbers of claimed jobs of groups what `counts` has for each, `by` times. None is named twice; "" is none.
  local function count_running(queue, groups, counts, by)
    if #groups == 0 then return end
    local before, set, gone = redis.call('HMGET', running_key(queue), unpack(groups)), {}, {}
    for place, group in ipairs(groups) do
      local after = (tonumber(before[place]) or 0) + by * counts[place]
      if group ~= '' and after > 0 then
        set[#set + 1] = group
        -- Padded, so that Redis does not keep them as a list, which it would search: see held_entry.
        set[#set + 1] = string.format('%065d', after)
      else
        gone[#gone + 1] = group ~= '' and group or nil
      end
    end
    if #set > 0 then redis.call('HSET', running_key(queue), unpack(set)) end
    if #gone > 0 then redis.call('HDEL', running_key(queue), unpack(gone)) end
  end

  -- The number of claimed jobs of a group.
  local function running(queue, group) return tonumber(redis.call('HGET', running_key(queue), group)) or 0 end

  local function held_entry_head(fence, queue) return string.format('1%064d:%d:%s:', fence, #queue, queue) end

  -- The queue, group and fence of what a worker holds of a job with a group.
  local function read_entry(entry)
    local fence, length, first = entry:match('^1(%d+):(%d+):()')
    return entry:sub(first, first + length - 1), entry:sub(first + length + 1), tonumber(fence)
  end

  -- Give lanes of a group turns again that wait for the end of a claim.
  local function reopen(queue, group)
    local freed = false
    for _, priority in ipairs(PRIORITIES) do
      if redis.call('ZREM', full_key(queue), priority .. ':' .. group) == 1 then
        give_turn(queue, priority, group)
        freed = true
      end
    end
    if freed then wake(queue, true) end
  end

  -- Free places in groups of a queue, as many as `counts` has for each.
  local function free(queue, groups, counts)
    if not is_limited(queue) then return end
    count_running(queue, groups, counts, -1)
    if redis.call('EXISTS', full_key(queue)) == 0 then return end
    for _, group in ipairs(groups) do reopen(queue, group) end
  end

  -- End the claim of a job that was taken off what a worker holds.
  local function end_claim(entry)
    local queue, group = read_entry(entry)
    count_queued(queue, -1)
    free(queue, {group}, {1})
  end

  -- How many claimed jobs each group of a queue has. With `marks`, what workers hold says from now on which group it is.
  local function claimed_by_group(queue, marks)
    local counts = {}
    local function look(worker, id, entry)
      local of, group, fence
      if entry == CUT then return end
      if is_grouped(entry) then
        of, group = read_entry(entry)
      else
        fence, of = entry:match('^(%d+):(.*)$')
        group = of == queue and redis.pcall('HGET', job_key(id), 'group')
      end
      if of ~= queue or type(group) ~= 'string' then return end
      counts[group] = (counts[group] or 0) + 1
      if marks and fence then
        redis.call('HSET', held_key(worker), id, held_entry_head(tonumber(fence), queue) .. group)
      end
    end
    for _, worker in ipairs(redis.call('ZRANGE', prefix .. 'workers', 0, -1)) do
      local held = redis.call('HGETALL', held_key(worker))
      for place = 1, #held, 2 do look(worker, held[place], held[place + 1]) end
    end
    return counts
  end

  -- Count the claimed jobs of a queue's groups anew, and from now on.
  local function recount(queue)
    local counts = claimed_by_group(queue, true)
    redis.call('DEL', running_key(queue))
    redis.call('HSET', running_key(queue), '', 0)
    for group, count in pairs(counts) do count_running(queue, {group}, {count}, 1) end
  end

  -- Look again at lanes that have waited for a place for some time.
  local function review(queue)
    local found = redis.call('ZRANGEBYSCORE', full_key(queue), '-inf', score(now()), 'LIMIT', 0, 1000)
    if #found == 0 then return end
    recount(queue)
    for _, member in ipairs(found) do
      local priority, group = member:match('^(-?%d):(.*)$')
      redis.call('ZREM', full_key(queue), member)
      give_turn(queue, priority, group)
    end
  end

  made_lanes = {lane_key = lane_key, turns_key = turns_key, later_key = later_key, full_key = full_key,
    running_key = running_key, count = count, is_laned = is_laned, last_turn = last_turn, shut = shut, add = add,
    remove = remove, is_ready = is_ready, ripen = ripen, groups_of = groups_of, later_keys = later_keys,
    waited_for = waited_for, keys_of = keys_of, has_turn = has_turn, queue_of = queue_of, count_running = count_running, recount = recount, claimed_by_group = claimed_by_group,
    is_limited = is_limited,
    running = running, held_entry_head = held_entry_head, read_entry = read_entry, free = free, end_claim = end_claim,
    review = review}
  return made_lanes
end
