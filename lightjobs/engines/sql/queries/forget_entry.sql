-- Forget an entry of the schedule that has not been due for a long time.
-- :entry; :before, unix seconds. Touches no row when the entry is unknown, paused, or has been due since.
DELETE FROM {job_slots} WHERE entry = :entry AND due < :before AND paused = 0
