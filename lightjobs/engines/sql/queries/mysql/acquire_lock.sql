-- Give a lock to an owner for a time, unless another owner has it.
-- :name; :owner; :seconds. Returns a row if the owner has the lock now.
-- Assignments are made from left to right, so the one to ends_at sees whose the lock has become.
INSERT INTO {job_locks} (name, owner, ends_at) VALUES (:name, :owner, {unix} + :seconds)
ON DUPLICATE KEY UPDATE
  owner = CASE WHEN ends_at <= {unix} THEN :owner ELSE owner END,
  ends_at = CASE WHEN owner = :owner THEN {unix} + :seconds ELSE ends_at END;
SELECT name FROM {job_locks} WHERE name = :name AND owner = :owner
