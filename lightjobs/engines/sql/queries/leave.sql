-- Delete jobs that have arrived.
-- {ids}: their ids, in :ids; :transfer, its id.
DELETE FROM {jobs} WHERE {ids} AND status LIKE 'moving %' AND worker = :transfer
