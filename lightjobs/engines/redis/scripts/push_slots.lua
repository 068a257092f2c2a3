-- Push the jobs of slots and note the slots, in order. A slot is refused if it is not later than the last one of its entry,
-- or if the entry is paused.
-- ARGV: prefix; form; JSON [[entry, due, a job as in storing.lua or ""], ...]. Returns for each slot 1, accepted, or 0, refused.
local slots = cjson.decode(ARGV[3])
local accepted, texts, noted = {}, {}, {}
for index, slot in ipairs(slots) do
  local entry, due, job = slot[1], tonumber(slot[2]), slot[3]
  local last = noted[entry] or last_slot(entry)
  accepted[index] = 0
  if not last or (not last.paused and due > last.due) then
    last = last or {paused = false, job_id = '', job_due = ''}
    last.due = due
    if job ~= '' then
      for _, text in ipairs(job) do texts[#texts + 1] = text end
      last.job_id, last.job_due, last.completed = job[7], score(due), false
    end
    noted[entry] = last
    accepted[index] = 1
  end
end
store(ARGV[2], texts, 1)
for entry, slot in pairs(noted) do note_slot(entry, slot) end
return accepted
