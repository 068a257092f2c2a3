-- Jobs as they are stored.
-- ARGV: prefix; ids. Returns JSON [[id, field, ...], ...] with the fields in the order of FIELDS of
-- those that can be read; "" for none.
local found = {}
for index = 2, #ARGV do
  local job = load_job(ARGV[index])
  if job then
    local row = {job.id}
    for position, name in ipairs(FIELDS) do row[position + 1] = job[name] or '' end
    found[#found + 1] = row
  end
end
if #found == 0 then return '' end
return cjson.encode(found)
