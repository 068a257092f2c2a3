-- The groups of a queue. The work grows with their number and that of the claimed jobs, not with that of the waiting ones.
-- ARGV: prefix; queue. Returns, in this order: the sets of the jobs that have a group and are due later; how many jobs without a
-- group wait, and how many are claimed; {group, jobs in its lanes, ...}; {group, claimed jobs, ...}. Without any group, nothing.
local queue, plain, grouped = ARGV[2], 0, 0
local known = lanes()
local running, waiting = {}, {}
for group, count in pairs(known.claimed_by_group(queue)) do
  running[#running + 1] = group
  running[#running + 1] = count
  grouped = grouped + count
end
if not known.is_laned(queue) and grouped == 0 then return {} end
for _, priority in ipairs(PRIORITIES) do
  plain = plain + redis.call('ZCARD', queue_key(queue, priority))
  for _, group in ipairs(known.groups_of(queue, priority)) do
    waiting[#waiting + 1] = group
    waiting[#waiting + 1] = redis.call('ZCARD', known.lane_key(queue, priority, group))
  end
end
local queued = tonumber(redis.call('HGET', prefix .. 'queued', queue)) or 0
return {known.later_keys(queue), plain, queued - grouped, waiting, running}
