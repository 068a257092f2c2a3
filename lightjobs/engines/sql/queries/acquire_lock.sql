-- Give a lock to an owner for a time, unless another owner has it.
-- :name; :owner; :seconds. Returns a row if the owner has the lock now.
INSERT INTO {job_locks} AS job_locks (name, owner, ends_at) VALUES (:name, :owner, {unix} + :seconds)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, ends_at = excluded.ends_at
WHERE job_locks.ends_at <= {unix} OR job_locks.owner = excluded.owner
RETURNING name
