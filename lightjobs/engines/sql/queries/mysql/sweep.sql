-- Note the time of a search for dead workers.
-- :lease in seconds. Returns 1 when workers whose lease has run out may be recovered now, else 0: if there was no search
-- for longer than a lease, living workers get half a lease to beat first.
-- Assignments are made from left to right: recover_from sees the time of the last search.
UPDATE {job_sweeps}
SET recover_from = CASE WHEN {unix} - swept_at > :lease THEN {unix} + :lease / 2 ELSE recover_from END,
    swept_at = {unix}
WHERE id = 1;
SELECT {unix} >= recover_from FROM {job_sweeps} WHERE id = 1
