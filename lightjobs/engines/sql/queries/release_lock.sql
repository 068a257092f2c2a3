-- Take a lock away from its owner.
-- :name; :owner. Touches no row if the owner does not have the lock.
DELETE FROM {job_locks} WHERE name = :name AND owner = :owner AND ends_at > {unix}
