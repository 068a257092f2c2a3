-- Keep what known entries of the schedule dispatch, and their next moments.
-- :entries JSON [[entry, template, next or null], ...].
UPDATE {job_slots} SET template = json_extract(o.value, '$[1]'), next = json_extract(o.value, '$[2]')
FROM json_each(:entries) AS o WHERE entry = json_extract(o.value, '$[0]')
