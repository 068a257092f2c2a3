-- What is noted of each entry of the schedule.
-- Returns entry, due, job_id, paused.
SELECT entry, due, job_id, paused FROM job_slots
