-- Put back the jobs of a dead worker. That costs a recovery, and no attempt.
-- :worker; for {lost}: :head, :middle and :tail. The errors come first: MySQL would use the new attempts.
UPDATE {jobs}
SET errors = {lost},
    status = 'new', worker = NULL, recoveries = recoveries + 1,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE worker = :worker AND status = 'queued'
