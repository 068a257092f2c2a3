-- Keep what known entries of the schedule dispatch, and their next moments.
-- :entries JSON [[entry, template, next or null], ...].
UPDATE {job_slots} SET template = o ->> 1, next = CAST(o ->> 2 AS double precision)
FROM json_array_elements(CAST(:entries AS json)) AS o WHERE entry = o ->> 0
