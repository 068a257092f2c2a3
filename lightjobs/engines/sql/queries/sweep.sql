-- Note the time of a search for dead workers.
-- :lease in seconds. Returns 1 when workers whose lease has run out may be recovered now, else 0: if there was no search
-- for longer than a lease, living workers get half a lease to beat first.
UPDATE {job_sweeps}
SET recover_from = CASE WHEN {unix} - swept_at > :lease THEN {unix} + :lease / 2 ELSE recover_from END,
    swept_at = {unix}
WHERE id = 1
RETURNING CASE WHEN {unix} >= recover_from THEN 1 ELSE 0 END
