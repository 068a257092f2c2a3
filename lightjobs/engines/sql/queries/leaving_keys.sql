-- The keys of jobs that are on their way.
-- {ids}: the jobs, in :ids; :transfer, its id. Returns their names.
SELECT unique_key FROM {jobs} WHERE {ids} AND status LIKE 'moving %' AND worker = :transfer AND unique_key IS NOT NULL
