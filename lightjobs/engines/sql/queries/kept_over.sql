-- Completed jobs that were kept on their own account until now, the first to be over first.
-- :limit. Returns their ids. IS TRUE keeps planners to jobs_kept.
SELECT id FROM {jobs} WHERE kept_until <= {unix} AND (status = 'completed') IS TRUE ORDER BY kept_until LIMIT :limit
