-- Delete keys, which are locked.
-- :keys JSON [name, ...].
DELETE FROM {job_keys} WHERE name IN (SELECT value FROM json_each(:keys))
