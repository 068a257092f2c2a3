-- What is stored about entries of the schedule, locked until the transaction ends.
-- :entries JSON [entry, ...]. Returns entry, due, job_id, job_due, paused.
SELECT entry, due, job_id, job_due, paused FROM job_slots
WHERE entry IN (SELECT json_array_elements_text(CAST(:entries AS json)))
ORDER BY entry FOR UPDATE
