-- Refuse an entry's slots from now on.
-- :entry. Touches no row when it is not known, or paused already.
UPDATE job_slots SET paused = 1 WHERE entry = :entry AND paused = 0
