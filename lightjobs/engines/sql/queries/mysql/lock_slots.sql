-- What is stored about entries of the schedule, locked until the transaction ends.
-- :entries JSON [entry, ...]. Returns entry, due, job_id, job_due, paused.
SELECT job_slots.entry, due, job_id, job_due, paused
FROM JSON_TABLE(:entries, '$[*]' COLUMNS (entry VARCHAR(191) PATH '$')) AS o
STRAIGHT_JOIN job_slots ON job_slots.entry = o.entry
FOR UPDATE
