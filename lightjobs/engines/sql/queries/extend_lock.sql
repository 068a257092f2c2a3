-- Let the owner of a lock keep it for a time from now.
-- :name; :owner; :seconds. Touches no row if the owner does not have the lock.
UPDATE {job_locks} SET ends_at = {unix} + :seconds WHERE name = :name AND owner = :owner AND ends_at > {unix}
