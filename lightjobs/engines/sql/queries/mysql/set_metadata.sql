-- Keep a value of the metadata.
-- :key; :value, its text.
INSERT INTO {job_metadata} (name, value) VALUES (:key, :value)
ON DUPLICATE KEY UPDATE value = :value
