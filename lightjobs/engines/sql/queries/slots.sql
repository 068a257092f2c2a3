-- What is stored about each entry of the schedule.
-- Returns entry, due, job_id, job_due, paused, and whether that job completed.
SELECT entry, due, job_id, job_due, paused, COALESCE(completed_id = job_id, FALSE) FROM job_slots
