-- Store a part of a batch of jobs, in no queue yet. It may be done twice.
-- ARGV: prefix; form, "hash" or "php"; batch; jobs as in storing.lua, 2000 at most. A full Redis refuses the first write, so
-- that none of this part is stored.
local at = now()
local created_at = utc_text(at)
redis.call('ZADD', staged, score(at), ARGV[3])
each_row(ARGV, 4, function(row)
  redis.call('SADD', staged_key(ARGV[3]), unpack(row.ids))
  write_row(ARGV[2], row, created_at)
end)
