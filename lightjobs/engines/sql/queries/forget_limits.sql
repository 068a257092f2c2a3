-- Delete the windows of rate limits that are over.
DELETE FROM {job_limits} WHERE ends_at <= {unix}
