-- What is stored about entries of the schedule, locked until the transaction ends.
-- :entries JSON [entry, ...]. Returns entry, due, job_id, job_due, paused.
SELECT entry, due, job_id, job_due, paused FROM job_slots WHERE entry IN (SELECT value FROM json_each(:entries))
