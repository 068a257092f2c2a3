-- Store jobs of another store, except for those that have arrived before.
-- ARGV: prefix; form, "hash" or "php"; id of the transfer; number of the first job; for each job its score in the list of its
-- status, for how many seconds it takes its key, "" if it does not, and its fields in the order of FIELDS_GIVEN, "" for none. Returns how many had arrived before; nil if the transfer is
-- not expected; {id, key} if another job holds a key. If that number is below the first one, nothing is stored. A full Redis refuses the first write.
local FIELDS_GIVEN = {'id', 'handler', 'payload', 'scheduled_at', 'status', 'queue', 'attempts', 'created_at', 'priority',
  'options', 'recoveries', 'exception', 'failed_at', 'errors', 'result', 'progress', 'kept_until', 'unique',
  'unique_scope', 'unique_for', 'group', 'group_limit'}
-- What Lightpack has in its array as a number.
local NUMBERS = {attempts = true, priority = true, recoveries = true}
local ONLY_IN_HASHES = {errors = true, result = true, progress = true, kept_until = true}
local UNIQUE
for index, name in ipairs(FIELDS_GIVEN) do
  if name == 'unique' then UNIQUE = index end
end
local SIZE = #FIELDS_GIVEN + 2
local form, transfer, first = ARGV[2], ARGV[3], tonumber(ARGV[4])
local arrived = tonumber(redis.call('HGET', arrivals_key, transfer) or nil)
if not arrived then return nil end
local count = (#ARGV - 4) / SIZE
if first > arrived or first + count <= arrived then return arrived end
for place = arrived - first, count - 1 do
  local at = 5 + place * SIZE
  local key = ARGV[at + 1] ~= '' and ARGV[at + 1 + UNIQUE]
  local holder = key and unique_keys().holder(key)
  if holder then return {holder, key} end
end
redis.call('HSET', arrivals_key, transfer, first + count)
for place = arrived - first, count - 1 do
  local at = 5 + place * SIZE
  local score_text, job, changes = ARGV[at], {php = form == 'php' and {names = {}, raw = {}} or nil}, {}
  for index, name in ipairs(FIELDS_GIVEN) do
    local value = ARGV[at + 1 + index]
    job[name] = value
    if value ~= '' and not (job.php and ONLY_IN_HASHES[name]) and not (value == '0' and name ~= 'attempts' and NUMBERS[name]) then
      changes[#changes + 1] = name
      changes[#changes + 1] = NUMBERS[name] and tonumber(value) or value
    end
  end
  job.key, job.priority = job_key(job.id), priority_of(job.priority)
  job.group = job.group ~= '' and job.group
  save_job(job, changes)
  redis.call('SADD', prefix .. 'queues', job.queue)
  if job.status == 'new' then enqueue(job, tonumber(score_text)) else list(job, job.status, tonumber(score_text)) end
  if ARGV[at + 1] ~= '' then unique_keys().take(job.unique, job.unique_scope, ARGV[at + 1], job.id) end
  if job.kept_until ~= '' and not job.php then redis.call('ZADD', kept_key, job.kept_until, job.id) end
end
return arrived
