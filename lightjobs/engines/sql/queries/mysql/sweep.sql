-- Note that dead workers are being looked for.
-- :lease in seconds. Returns 1 when the expired may be recovered now, else 0: nobody looked for
-- longer than a lease, so the living get half a lease to beat first.
-- Assignments are made from left to right: recover_from sees when somebody last looked.
UPDATE job_sweeps
SET recover_from = CASE WHEN {unix} - swept_at > :lease THEN {unix} + :lease / 2 ELSE recover_from END,
    swept_at = {unix}
WHERE id = 1;
SELECT {unix} >= recover_from FROM job_sweeps WHERE id = 1
