-- Note the moments and jobs of entries of the schedule.
-- :slots JSON [[entry, due, job_id or null], ...].
UPDATE job_slots SET due = CAST(o ->> 1 AS double precision), job_id = CAST(o ->> 2 AS bigint)
FROM json_array_elements(CAST(:slots AS json)) AS o WHERE entry = o ->> 0
