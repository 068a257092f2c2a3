-- Put before the scripts that return claims, after lib.lua. They return "" for none, or JSON [now, [count, due, ...], [row, ...]]:
-- the store's time; when the jobs are due, each with how many jobs in succession are due then, or nothing if that is not
-- asked for; and the jobs as rows [fence, handler, queue, attempts, recoveries, created_at, options or "", [id, payload, id,
-- payload, ...]]. Jobs that follow each other mostly differ in their ids and payloads alone, and each value more would take
-- the server and the worker 0.2 µs. Times are text, because JSON would round them.
local claims, last = {}, nil

local function add_claim(id, payload, fence, handler, queue, attempts, recoveries, created_at, options)
  if not last or last[1] ~= fence or last[2] ~= handler or last[3] ~= queue or last[4] ~= attempts or last[5] ~= recoveries
    or last[6] ~= created_at or last[7] ~= options then
    last = {fence, handler, queue, attempts, recoveries, created_at, options, {}}
    claims[#claims + 1] = last
  end
  local jobs = last[8]
  jobs[#jobs + 1] = id
  jobs[#jobs + 1] = payload
end

local dues, dues_end = {}, 0

-- Note when the jobs of the latest claims are due, and how many these are.
local function add_due(due, count)
  if dues[dues_end] == due then
    dues[dues_end - 1] = dues[dues_end - 1] + count
  else
    dues[dues_end + 1], dues[dues_end + 2] = count, due
    dues_end = dues_end + 2
  end
end

local function claims_as_json(at)
  if #claims == 0 then return '' end
  return cjson.encode({score(at), dues, claims})
end
