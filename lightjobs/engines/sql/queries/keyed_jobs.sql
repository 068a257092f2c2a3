-- The keys of jobs.
-- Returns the id, the key, its scope and its seconds of the jobs that fit the filters.
SELECT id, unique_key, unique_scope, unique_seconds FROM {jobs} WHERE {where}
