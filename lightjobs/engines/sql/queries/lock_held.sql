-- Lock those of these jobs that a worker holds.
-- :ids :worker. Returns id and fence. IS TRUE keeps planners to the primary key.
SELECT id, fence FROM {jobs} WHERE {ids} AND (worker = :worker AND status = 'queued') IS TRUE ORDER BY id {lock}
