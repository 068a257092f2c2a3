-- Free a key.
-- :key.
DELETE FROM {job_keys} WHERE name = :key
