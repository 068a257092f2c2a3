-- Note that dead workers are being looked for.
-- :now and :lease in seconds. Returns 1 when the expired may be recovered now, else 0: nobody
-- looked for longer than a lease, so the living get half a lease to beat first.
UPDATE job_sweeps
SET recover_from = CASE WHEN :now - swept_at > :lease THEN :now + :lease / 2 ELSE recover_from END,
    swept_at = :now
WHERE id = 1
RETURNING :now >= recover_from
