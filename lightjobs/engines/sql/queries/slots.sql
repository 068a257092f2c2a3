-- What is noted of each entry of the schedule.
-- Returns entry, due, job_id, job_due, paused.
SELECT entry, due, job_id, job_due, paused FROM job_slots
