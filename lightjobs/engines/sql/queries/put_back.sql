-- Put jobs back that could not be transferred.
-- :transfer, its id.
UPDATE {jobs} SET status = replace(status, 'staying ', ''), worker = NULL
WHERE status NOT IN ('new', 'queued')
  AND status IN ('staying new', 'staying paused', 'staying failed', 'staying completed', 'staying cancelled')
  AND worker = :transfer
