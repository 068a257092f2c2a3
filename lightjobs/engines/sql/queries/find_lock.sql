-- Whether anyone has a lock.
-- :name. Returns a row if so.
SELECT name FROM {job_locks} WHERE name = :name AND ends_at > {unix}
