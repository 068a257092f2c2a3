-- Store the last slots of entries of the schedule, and their jobs.
-- :slots JSON [[entry, due, job_id or null, job_due or null, next or null], ...].
UPDATE {job_slots} SET due = CAST(o ->> 1 AS double precision), job_id = CAST(o ->> 2 AS bigint),
  job_due = CAST(o ->> 3 AS double precision), next = CAST(o ->> 4 AS double precision)
FROM json_array_elements(CAST(:slots AS json)) AS o WHERE entry = o ->> 0
