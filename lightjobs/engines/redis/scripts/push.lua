-- Store jobs, all or none.
-- ARGV: prefix; form, hash or php; JSON [[id, handler, queue, payload, due or "", priority, options or ""], ...].
-- Returns how many. A full Redis refuses the first write, so nothing is stored.
local jobs = cjson.decode(ARGV[3])
if not store(ARGV[2], jobs) then return redis.error_reply('a job has a field that is no text') end
return #jobs
