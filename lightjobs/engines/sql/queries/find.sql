-- One job as it is stored.
-- :id. Returns the fields of a Stored; no row: there is no such job.
SELECT {stored}
FROM {jobs} WHERE id = :id
