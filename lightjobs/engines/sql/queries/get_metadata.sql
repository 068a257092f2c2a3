-- The value of a key of the metadata.
-- :key. Returns its text; no row: there is none.
SELECT value FROM {job_metadata} WHERE name = :key
