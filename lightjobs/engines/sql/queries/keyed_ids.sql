-- The jobs with a key that fit the filters.
-- Returns their ids.
SELECT id FROM {jobs} WHERE {where}
