-- Batches that ended long ago, locked; those that others have locked are left out.
-- :seconds :limit. Returns their ids.
SELECT id FROM {job_batches} WHERE ended_at < {unix} - :seconds ORDER BY ended_at LIMIT :limit {take}
