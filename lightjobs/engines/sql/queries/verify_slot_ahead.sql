-- Entries of the schedule whose last moment lies further ahead than :ahead seconds.
-- :ahead; :limit. Returns the name and the moment of each.
SELECT entry, due FROM {job_slots} WHERE due > {unix} + :ahead ORDER BY entry LIMIT :limit
