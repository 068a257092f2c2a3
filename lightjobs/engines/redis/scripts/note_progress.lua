-- Keep how far jobs have come.
-- ARGV: prefix; worker; for each run: the id of its job, its fence, and the text. A run that the worker does not have any more
-- is left out, and so is a job in PHP's form, which has no such field.
for index = 3, #ARGV, 3 do
  local id, fence, key = ARGV[index], tonumber(ARGV[index + 1]), job_key(ARGV[index])
  local entry = redis.call('HGET', held_key(ARGV[2]), id)
  if entry and tonumber(entry:match('^(%d+):')) == fence and redis.call('TYPE', key).ok == 'hash' then
    redis.call('HSET', key, 'progress', ARGV[index + 2])
  end
end
