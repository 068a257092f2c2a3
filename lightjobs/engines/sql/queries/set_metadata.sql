-- Keep a value of the metadata.
-- :key; :value, its text.
INSERT INTO {job_metadata} (name, value) VALUES (:key, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
