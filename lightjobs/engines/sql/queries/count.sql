-- How many jobs fit the filters.
-- {where}: the status and the filters.
SELECT count(*) FROM {jobs} WHERE {where}
