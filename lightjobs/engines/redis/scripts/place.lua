-- The place of a job in the list of its status.
-- ARGV: prefix; the status; a moment, as stored text; the job's id. Returns the second at which the job is listed, as text, if
-- it has the status and moment; otherwise "". That second may differ from the text: PHP reads its clock twice.
local status = ARGV[2]
local field = ({failed = true, completed = true, cancelled = true})[status] and 'failed_at' or 'scheduled_at'
local job = load_job(ARGV[4], {'status', 'queue', 'priority', 'group', field})
if not job or job.status ~= status or job[field] ~= ARGV[3] then return '' end
for _, key in ipairs(sets_of(job)) do
  local at = redis.call('ZSCORE', key, job.id)
  if at then return second_text(second_of(at)) end
end
return ''
