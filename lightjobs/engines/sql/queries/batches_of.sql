-- The batches of the jobs that fit the filters.
-- Returns their ids.
SELECT DISTINCT batch_id FROM {jobs} WHERE {where}
