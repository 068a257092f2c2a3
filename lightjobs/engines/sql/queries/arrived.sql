-- Complete a job of another store that has been stored as a new one.
-- :id, and the columns that a new job does not have.
UPDATE {jobs} SET status = :status, attempts = :attempts, created_at = :created_at, exception = :exception, failed_at = :failed_at,
  recoveries = :recoveries, errors = :errors, result = :result, progress = :progress, kept_until = :kept_until
WHERE id = :id
