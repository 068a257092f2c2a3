-- Put before the scripts that return claims, after lib.lua. They return "" for none, or JSON [[fence, handler, queue,
-- attempts, recoveries, created_at, options or "", [id, payload, id, payload, ...]], ...]. Jobs that follow each other mostly
-- differ in their ids and payloads alone, and each value more would take the server and the worker 0.2 µs.
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

local function claims_as_json()
  return #claims > 0 and cjson.encode(claims) or ''
end
