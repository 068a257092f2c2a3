-- Queue the jobs of a staged batch that have ties, all or none.
-- ARGV: prefix; the staged batch; number of jobs; JSON [a tie or false, ...]; JSON [a batch] as in push_tied.lua; for each row of
-- jobs that has a tie: queue, priority, due time ("" for now), the number of jobs, and their ids. Returns what pushing.lua says,
-- or "lost" when a part of the jobs is not there any more.
local name, count = ARGV[2], tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', staged, name) or 0) == 0 then return {'lost'} end
if redis.call('SCARD', staged_key(name)) ~= count then return {'lost'} end
write_although_full()
local ties, rows, at = cjson.decode(ARGV[4]), {}, 6
while at < #ARGV do
  local queue, priority, due, size = unpack(ARGV, at, at + 3)
  local row = {queue = queue, priority = priority, due = due, ids = {}, tie = ties[#rows + 1] or {}}
  for place = 1, tonumber(size) do row.ids[place] = ARGV[at + 3 + place] end
  rows[#rows + 1] = row
  at = at + 4 + #row.ids
end
local answer = push_rows('', rows, cjson.decode(ARGV[5])[1], true)
if answer[1] == 'stored' then
  redis.call('ZREM', staged, name)
  redis.call('UNLINK', staged_key(name))
end
return answer
