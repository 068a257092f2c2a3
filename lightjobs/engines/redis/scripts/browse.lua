-- Jobs as they are stored.
-- ARGV: prefix; ids. Returns JSON [[id, handler, ...], ...] with the fields of a Stored, in its order, for each job that
-- exists and can be read; "" if there are none.
local COLUMNS = {'handler', 'queue', 'payload', 'status', 'attempts', 'priority', 'created_at', 'scheduled_at',
  'exception', 'failed_at', 'recoveries', 'worker', 'options'}
local found = {}
for index = 2, #ARGV do
  local job = load_job(ARGV[index])
  if job then
    local row = {job.id}
    for position, name in ipairs(COLUMNS) do row[position + 1] = job[name] or '' end
    found[#found + 1] = row
  end
end
if #found == 0 then return '' end
return cjson.encode(found)
