-- The jobs that are on their way for a transfer.
-- ARGV: prefix; id of the transfer. Returns how many have left, and JSON [[id, handler, ...], ...] with the fields of a Stored, in
-- its order, the score that the job had in its list, the scope and the seconds of its key, for how many seconds it still holds that,
-- the limit of its group, each "" for none, and the names of what is kept of it besides; "" if there are none.
local COLUMNS = {'handler', 'queue', 'payload', 'status', 'attempts', 'priority', 'created_at', 'scheduled_at',
  'exception', 'failed_at', 'recoveries', 'worker', 'options', 'errors', 'result', 'progress', 'kept_until', 'unique',
  'group', 'batch'}
local NEEDED, known = {'status', 'fence', 'group_limit', unpack(COLUMNS)}, {id = true, fence = true, updated_at = true,
  unique_scope = true, unique_for = true, group_limit = true}
for _, name in ipairs(COLUMNS) do known[name] = true end
-- The scope and the seconds of a job's key, and for how many more seconds the job holds it.
local function key_of(job)
  if not job.unique then return '', '', '' end
  local scope, seconds = unique_keys().terms_of(job)
  local id, _, ends = unique_keys().holder(job.unique)
  return scope or '', seconds or '', id == job.id and score(math.max(ends - now(), 0)) or ''
end
if not is_noted(ARGV[2]) then return {0, ''} end
local found, places = {}, redis.call('ZRANGE', moving_key(ARGV[2]), 0, -1, 'WITHSCORES')
for position = 1, #places, 2 do
  local job = load_job(places[position], NEEDED)
  if job then
    local row = {job.id}
    for index, name in ipairs(COLUMNS) do row[index + 1] = job[name] or '' end
    row[#row + 1] = places[position + 1]
    for _, text in ipairs({key_of(job)}) do row[#row + 1] = text end
    row[#row + 1] = job.group_limit or ''
    for _, name in ipairs(job.php and job.php.names or redis.call('HKEYS', job.key)) do
      if not known[name] then row[#row + 1] = name end
    end
    found[#found + 1] = row
  end
end
return {redis.call('HGET', transfer_key, 'left'), #found > 0 and cjson.encode(found) or ''}
