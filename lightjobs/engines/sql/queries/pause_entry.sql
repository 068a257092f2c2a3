-- Refuse an entry's slots from now on.
-- :entry. Touches no row when the entry is unknown or already paused.
UPDATE {job_slots} SET paused = 1 WHERE entry = :entry AND paused = 0
