-- Delete the locks that are over.
DELETE FROM {job_locks} WHERE ends_at <= {unix}
