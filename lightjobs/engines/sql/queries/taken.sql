-- The jobs that are on their way for a transfer.
-- :transfer, its id. Returns the fields of a Stored; the microseconds of the due time; the terms of the key and the group; and, if
-- the job took its key last, the scope for which it did, and for how many more seconds.
SELECT {stored}, scheduled_us, unique_scope, unique_seconds, group_limit, k.scope, k.until - {unix}
FROM {jobs} LEFT JOIN {job_keys} AS k ON k.name = unique_key AND k.job_id = id AND k.until > {unix}
WHERE status NOT IN ('new', 'queued')
  AND status IN ('moving new', 'moving paused', 'moving failed', 'moving completed', 'moving cancelled')
  AND worker = :transfer
ORDER BY id
