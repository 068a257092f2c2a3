-- The registered workers, by name.
-- Returns id, the seconds until the lease ends, negative in the past, and note.
SELECT id, expires_at - {unix}, note FROM {job_workers} ORDER BY id
