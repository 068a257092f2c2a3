-- Take the key of the job that was stored last, and leave one that has a row already.
-- :unique_key :unique_scope :unique_seconds.
INSERT INTO {job_keys} (name, job_id, scope, until)
VALUES (:unique_key, last_insert_rowid(), :unique_scope, {unix} + :unique_seconds)
ON CONFLICT (name) DO NOTHING
