-- Store a part of such jobs, in no queue yet. It may be done twice.
-- ARGV: prefix; form; the staged batch; JSON [a tie or false, ...]; jobs as in storing.lua, 2000 at most.
local at = now()
local created_at = utc_text(at)
redis.call('ZADD', staged, score(at), ARGV[3])
for _, row in ipairs(tied_pushes().rows_of(ARGV, 5, cjson.decode(ARGV[4]))) do
  redis.call('SADD', staged_key(ARGV[3]), unpack(row.ids))
  tied_pushes().write_tied(ARGV[2], row, created_at)
end
