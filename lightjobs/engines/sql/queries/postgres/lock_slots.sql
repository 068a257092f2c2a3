-- What is stored about entries of the schedule, locked until the transaction ends.
-- :entries JSON [entry, ...]. Returns the fields of slots.sql; whether the job completed and the template
-- are left out.
SELECT entry, due, job_id, job_due, paused, FALSE, next, NULL FROM {job_slots}
WHERE entry IN (SELECT json_array_elements_text(CAST(:entries AS json)))
ORDER BY entry FOR UPDATE
