-- Whether a run still has its job.
-- :id :fence. Returns 1 or 0.
SELECT COUNT(*) FROM {jobs} WHERE id = :id AND fence = :fence AND (status = 'queued' AND worker IS NOT NULL) IS TRUE
