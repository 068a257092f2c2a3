-- Lock keys: a transaction has the whole file, so they need only be there.
-- :keys JSON [name, ...].
INSERT INTO {job_keys} (name, scope, until) SELECT value, '', 0 FROM json_each(:keys) WHERE true
ON CONFLICT (name) DO NOTHING
