-- What follows the end of jobs.
-- :ids. Returns id, batch_id and options of those jobs that are part of a batch or may have something that follows a failure.
SELECT id, batch_id, options FROM {jobs} WHERE {ids} AND (batch_id IS NOT NULL OR options LIKE '%"catch"%') IS TRUE
