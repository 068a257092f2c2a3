-- The state of a job whose outcome was not accepted just now.
-- :id. Returns status and fence; no row: the job is gone.
SELECT status, fence FROM {jobs} WHERE id = :id
