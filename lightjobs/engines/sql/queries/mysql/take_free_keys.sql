-- Take the key of a job that has just been stored, unless it has a row already; for many, the list of values is repeated.
-- :key :id :scope :seconds.
INSERT IGNORE INTO {job_keys} (name, job_id, scope, until)
VALUES (:key, :id, :scope, {unix} + :seconds)
