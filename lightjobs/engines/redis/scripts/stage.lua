-- Store a part of a batch of jobs, in no queue yet. It may be done twice.
-- ARGV: prefix; form, "hash" or "php"; batch; jobs as in push.lua. A full Redis refuses the first write, so that none of
-- this part is stored.
local at = now()
redis.call('ZADD', staged, score(at), ARGV[3])
for first = 4, #ARGV, 7 do
  redis.call('SADD', staged_key(ARGV[3]), ARGV[first])
  write_job(ARGV[2], utc_text(at), unpack(ARGV, first, first + 6))
end
