-- Forget a key of the metadata.
-- :key. Touches no row when it is not known.
DELETE FROM {job_metadata} WHERE name = :key
