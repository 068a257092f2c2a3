-- Note the present as the time at which a job ended.
-- :name, its id.
UPDATE {jobs} SET failed_at = {now}
WHERE id = :name AND (status IN ('failed', 'cancelled', 'completed') AND failed_at IS NULL) IS TRUE
