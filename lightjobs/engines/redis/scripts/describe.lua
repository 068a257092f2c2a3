-- Keep with entries of the schedule what they dispatch, and when they are due next.
-- ARGV: prefix; for each entry: its name, its template, and its next moment in unix seconds or "". Unknown entries are passed
-- over.
for index = 2, #ARGV, 3 do
  local entry = ARGV[index]
  if last_slot(entry) then
    redis.call('HSET', templates_key, entry, ARGV[index + 1])
    note_next(entry, ARGV[index + 2])
  end
end
return 0
