-- Accept an entry's slots again.
-- :entry; :due, unix seconds: slots up to then are skipped. Touches no row when it is not paused.
UPDATE {job_slots} SET due = CASE WHEN due < :due THEN :due ELSE due END, paused = 0
WHERE entry = :entry AND paused = 1
