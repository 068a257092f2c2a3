-- Whether a key has a row.
-- :key. Returns a row if so.
SELECT 1 FROM {job_keys} WHERE name = :key
