-- Completed jobs that were kept on their own account until now.
-- :limit. Returns their ids.
-- It reads all completed jobs: an index of this column would have an entry for every job.
SELECT id FROM {jobs} WHERE status = 'completed' AND kept_until <= {unix} LIMIT :limit
