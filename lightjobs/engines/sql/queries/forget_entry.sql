-- Forget an entry of the schedule that has not been due for long.
-- :entry; :before, unix seconds. Touches no row when it is not known, paused, or was due since.
DELETE FROM job_slots WHERE entry = :entry AND due < :before AND paused = 0
