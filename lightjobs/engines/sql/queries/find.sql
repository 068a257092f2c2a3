-- One job as it is stored.
-- :id. Returns the fields of a Stored; no row: there is none.
SELECT {stored}
FROM jobs WHERE id = :id
