-- Note that the last job of an entry of the schedule completed.
-- :entry; :job_id. Touches no row when that is not its last job.
UPDATE {job_slots} SET completed_id = :job_id WHERE entry = :entry AND job_id = :job_id
