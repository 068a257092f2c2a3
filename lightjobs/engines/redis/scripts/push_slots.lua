-- Push the jobs of slots and note the slots, in order. A slot is refused if it is not later than the last one of its entry,
-- or if the entry is paused.
-- ARGV: prefix; form; JSON [[entry, due, a job as in storing.lua or "", the entry's next moment or "", the tie of a job that has
-- one, as in tying.lua], ...]. Returns for each slot 1, accepted; the id of the job that holds the key, if it was accepted and
-- its job left out; or 0, refused.
local slots = cjson.decode(ARGV[3])
local accepted, texts, noted = {}, {}, {}

-- Store a job that has a tie. Returns its id, or that of the job that holds its key.
local function push_tied(job, tie)
  -- Nobody is there to be told of a refusal.
  if tie.taken == 'refuse' then tie.taken = 'keep' end
  local rows = flow().pushes().rows_of(job, 1, {tie})
  local away, passed = flow().pushes().judge(rows)
  flow().pushes().store_rows(ARGV[2], rows, passed)
  return away[3] or job[7]
end

for index, slot in ipairs(slots) do
  local entry, due, job = slot[1], tonumber(slot[2]), slot[3]
  local last = noted[entry] or last_slot(entry)
  accepted[index] = 0
  if not last or (not last.paused and due > last.due) then
    last = last or {paused = false, job_id = '', job_due = ''}
    last.due, last.next = due, slot[4]
    accepted[index] = 1
    if job ~= '' then
      local id = job[7]
      if slot[5] then
        id = push_tied(job, slot[5])
        if id ~= job[7] then accepted[index] = id end
      else
        for _, text in ipairs(job) do texts[#texts + 1] = text end
      end
      last.job_id, last.job_due, last.completed = id, score(due), false
    end
    noted[entry] = last
  end
end
store(ARGV[2], texts, 1)
for entry, slot in pairs(noted) do
  note_slot(entry, slot)
  note_next(entry, slot.next)
end
if made_flow then made_flow.advance_batches() end
return accepted
