-- What tells failed jobs apart: only that, for they may be 10,000.
-- ARGV: prefix; the most characters of an error; ids. Returns JSON [[id, handler, failed_at, exception], ...] with the
-- beginning of each error, or "" for none; "" if there are no such jobs. Jobs that cannot be read, and those that have not
-- failed, are left out.
local NEEDED = {'status', 'handler', 'failed_at', 'exception'}
-- A character takes up to four bytes; the client cuts by characters, and so takes off one that is cut here.
local most, found = tonumber(ARGV[2]) * 4, {}
for index = 3, #ARGV do
  local job = load_job(ARGV[index], NEEDED)
  if job and job.status == 'failed' then
    found[#found + 1] = {job.id, job.handler or '', job.failed_at or '', (job.exception or ''):sub(1, most)}
  end
end
if #found == 0 then return '' end
return cjson.encode(found)
