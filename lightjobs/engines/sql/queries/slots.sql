-- What is stored about each entry of the schedule.
-- :templates, whether to return them. Returns entry, due, job_id, job_due, paused, whether that job completed, next,
-- template.
SELECT entry, due, job_id, job_due, paused, COALESCE(completed_id = job_id, FALSE), next,
  CASE WHEN :templates THEN template END
FROM {job_slots}
