-- Put before the scripts for transfers, after lib.lua. The transfer from this store is one hash, with id, target, open and left,
-- the number of jobs that have left. `arrivals` has the number of jobs that have arrived of each transfer that is expected here.
local transfer_key, arrivals_key = prefix .. 'transfer', prefix .. 'arrivals'
-- The jobs that are on their way, and those that stay, by their score in the list from which they were taken.
local function moving_key(transfer) return prefix .. 'moving:' .. transfer end
local function staying_key(transfer) return prefix .. 'staying:' .. transfer end
-- What comes before the status of such jobs.
local MOVING, STAYING = 'moving ', 'staying '

-- Whether no worker has the job, and it has the status and is in the queue: "=" and its name, or "" for any.
local function may_move(job, status, queue)
  local is_held = job.worker and job.worker ~= ''
  return job.status == status and not is_held and (queue == '' or job.queue == queue:sub(2))
end

local function is_noted(transfer) return redis.call('HGET', transfer_key, 'id') == transfer end
