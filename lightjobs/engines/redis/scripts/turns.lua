-- Put before claim.lua, after taking.lua: claims from queues with lanes, in which groups take turns.
-- Up to FEW groups are all visited by each claim. Where there are more, a claim visits SOME of them, or one for each SHARE jobs
-- that it asks for, and takes more jobs of each: to visit a group takes as long as to claim a job.
local FEW, SOME, SHARE = 16, 5, 20
local made_turns
-- The function for such queues, defined when the first one is met: it takes jobs of a queue and priority.
local function turns()
  if made_turns then return made_turns end
  local known = lanes()

  -- Take out of a sorted set the first `wanted` jobs whose handlers are not skipped. Returns them, each followed by its score,
  -- and whether others were passed over.
  local function take_others(key, wanted)
    local taken, offset, part = {}, 0, nil
    repeat
      part = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'WITHSCORES', 'LIMIT', offset, 100)
      for place = 1, #part, 2 do
        if #taken < 2 * wanted and not is_skipped(part[place]) then
          taken[#taken + 1] = part[place]
          taken[#taken + 1] = part[place + 1]
        end
      end
      offset = offset + #part / 2
      looked = looked + #part / 2
    until #taken == 2 * wanted or #part < 200 or looked >= MOST_LOOKED
    for place = 1, #taken, 2 do redis.call('ZREM', key, taken[place]) end
    return taken, offset > #taken / 2
  end

  -- The same for a lane, which has due jobs only, or for the set of the jobs without a group.
  local function take_out(key, is_lane, wanted)
    if is_skipping then return take_others(key, wanted) end
    if is_lane then return redis.call('ZPOPMIN', key, wanted), false end
    local found = redis.call('ZRANGEBYSCORE', key, '-inf', score(at), 'WITHSCORES', 'LIMIT', 0, wanted)
    if #found > 0 then redis.call('ZREMRANGEBYRANK', key, 0, #found / 2 - 1) end
    return found, false
  end

  -- Let the jobs without a group have turns, too, if one of them is due.
  local function add_plain(queue, priority)
    local key = known.turns_key(queue, priority)
    if redis.call('ZSCORE', key, '') then return end
    if #redis.call('ZRANGEBYSCORE', queue_key(queue, priority), '-inf', score(at), 'LIMIT', 0, 1) > 0 then
      redis.call('ZADD', key, known.last_turn(queue, priority) + 1, '')
    end
  end

  -- Take out `most` jobs for the groups whose turn it is: of all groups where there are not more than FEW, otherwise of
  -- `visited` groups. Of each as many as there are rounds, of which the last one ends with the group number `more`. Returns
  -- them as a table of tables, in which each group has one place, because a table for each group would take longer to make
  -- than all the rest. `jobs` has ids, each followed by its score.
  local function draw(queue, priority, most, visited)
    local found = redis.call('ZRANGE', known.turns_key(queue, priority), 0, math.min(most, math.max(visited, FEW + 1)) - 1,
      'WITHSCORES')
    local count = #found / 2
    if count == 0 then return nil end
    if count > FEW then count = math.min(count, visited) end
    local each, more, head = math.floor(most / count), most % count, known.lane_key(queue, priority, '')
    local drawn = {count = count, more = more, rounds = more > 0 and each + 1 or each, groups = {}, turns = {}, jobs = {},
      is_short = {}, is_passed = {}, is_shut = {}, claimed = {}, running = {}, put_back = 0}
    for place = 1, count do
      local group, wanted = found[2 * place - 1], place <= more and each + 1 or each
      local is_lane = group ~= ''
      local jobs, is_passed = take_out(is_lane and head .. group or queue_key(queue, priority), is_lane, wanted)
      looked = looked + math.max(#jobs / 2, 1)
      drawn.groups[place], drawn.turns[place], drawn.jobs[place], drawn.claimed[place] = group, found[2 * place], jobs, 0
      if is_passed then drawn.is_passed[place] = true end
      if #jobs < 2 * wanted then drawn.is_short[place] = true end
    end
    return drawn
  end

  -- Put back what was taken out of a lane whose next job, at `first`, has to wait for a place in its group.
  local function shut(queue, priority, drawn, place, first)
    local jobs, words = drawn.jobs[place], {}
    for at = first, #jobs, 2 do
      words[#words + 1] = jobs[at + 1]
      words[#words + 1] = jobs[at]
    end
    redis.call('ZADD', known.lane_key(queue, priority, drawn.groups[place]), unpack(words))
    drawn.is_shut[place] = true
    drawn.put_back = drawn.put_back + #words / 2
    known.shut(queue, priority, drawn.groups[place])
  end

  -- Claim what was drawn: of each group one job, then of each a second one.
  local function play(queue, priority, drawn)
    local held, jobs, groups, claimed = {}, drawn.jobs, drawn.groups, drawn.claimed
    drawn.is_limited = known.is_limited(queue)
    local heads = memo(function(fence) return known.held_entry_head(fence, queue) end)
    local entries = memo(function(fence) return held_entry(fence, queue) end)
    for first = 1, 2 * drawn.rounds, 2 do
      for place = 1, drawn.count do
        local id, is_lane = not drawn.is_shut[place] and jobs[place][first], groups[place] ~= ''
        local is_claimed = false
        if id then is_claimed = claim_job(id, queue, held, is_lane and drawn.is_limited and heads or entries, is_lane and drawn,
            place) end
        if is_claimed then
          claimed[place] = claimed[place] + 1
          add_due(jobs[place][first + 1], 1)
        elseif is_claimed == nil then
          shut(queue, priority, drawn, place, first)
        end
      end
    end
    hold(queue, held)
    if drawn.is_new then
      -- The first limit was met among these jobs, so what is held of those before it does not tell their groups.
      known.recount(queue)
    elseif drawn.is_limited then
      known.count_running(queue, groups, claimed, 1)
    end
  end

  -- Note whose turn is next, and that jobs have left their lanes. Groups that have nothing due any more have no turn, and what
  -- is skipped in a lane has it still: those are noted in `passed`.
  local function end_turns(queue, priority, drawn, passed)
    local key, last, ended, served, taken = known.turns_key(queue, priority), known.last_turn(queue, priority), {}, {}, 0
    for step = 1, drawn.count do
      -- The last round ends with the group at `more`.
      local place = (drawn.more + step - 1) % drawn.count + 1
      local group = drawn.groups[place]
      if group ~= '' then
        taken = taken + #drawn.jobs[place] / 2
        if drawn.is_passed[place] and drawn.is_short[place] then
          passed[#passed + 1] = drawn.claimed[place] > 0 and last + step or drawn.turns[place]
          passed[#passed + 1] = group
        end
      end
      if drawn.is_short[place] then
        ended[#ended + 1] = group
      elseif not drawn.is_shut[place] then
        served[#served + 1] = last + step
        served[#served + 1] = group
      end
    end
    if #served > 0 then redis.call('ZADD', key, unpack(served)) end
    if #ended > 0 then redis.call('ZREM', key, unpack(ended)) end
    if taken > drawn.put_back then known.count(queue, drawn.put_back - taken) end
  end

  made_turns = function(queue, priority)
    known.ripen(queue, priority)
    add_plain(queue, priority)
    local passed, visited = {}, math.max(SOME, math.floor(left / SHARE))
    while left > 0 and looked < MOST_LOOKED do
      local drawn = draw(queue, priority, math.min(left, 1000), visited)
      if not drawn then break end
      -- These groups may have too few jobs to make up the claim.
      visited = 4 * visited
      play(queue, priority, drawn)
      end_turns(queue, priority, drawn, passed)
    end
    if #passed > 0 then redis.call('ZADD', known.turns_key(queue, priority), unpack(passed)) end
  end
  return made_turns
end
