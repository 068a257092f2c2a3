-- Jobs as they are stored.
-- ARGV: prefix; filters as in bulk.lua; the status, or "" for any; the most jobs to return; ids. Returns JSON [[id, handler,
-- ...], ...] with the fields of a Stored, in its order, for the first jobs that fit; "" if there are none. Jobs that cannot be
-- read are left out.
local COLUMNS = {'handler', 'queue', 'payload', 'status', 'attempts', 'priority', 'created_at', 'scheduled_at',
  'exception', 'failed_at', 'recoveries', 'worker', 'options', 'errors', 'result', 'progress', 'kept_until', 'unique', 'group',
  'batch'}
local NEEDED = {'status', 'fence', unpack(COLUMNS)}
local status, most, found = ARGV[8], tonumber(ARGV[9]), {}
for index = 10, #ARGV do
  if #found == most then break end
  local job = load_job(ARGV[index], NEEDED)
  if job and (status == '' or job.status == status) and fits(job) then
    local row = {job.id}
    for position, name in ipairs(COLUMNS) do row[position + 1] = job[name] or '' end
    found[#found + 1] = row
  end
end
if #found == 0 then return '' end
return cjson.encode(found)
