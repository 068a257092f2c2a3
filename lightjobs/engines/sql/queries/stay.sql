-- Set jobs aside that cannot be transferred.
-- {ids}: their ids, in :ids; :transfer, its id.
UPDATE {jobs} SET status = replace(status, 'moving ', 'staying ')
WHERE {ids} AND status LIKE 'moving %' AND worker = :transfer
