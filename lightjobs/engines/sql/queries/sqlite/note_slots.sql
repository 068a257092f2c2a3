-- Store the last slots of entries of the schedule, and their jobs.
-- :slots JSON [[entry, due, job_id or null, job_due or null, next or null], ...].
UPDATE {job_slots} SET due = json_extract(o.value, '$[1]'), job_id = json_extract(o.value, '$[2]'),
  job_due = json_extract(o.value, '$[3]'), next = json_extract(o.value, '$[4]')
FROM json_each(:slots) AS o WHERE entry = json_extract(o.value, '$[0]')
