-- Everything a worker has claimed and not settled.
-- :worker. Returns the fields of a Claim.
SELECT id, fence, handler, queue, payload, attempts, recoveries, created_at, options
FROM jobs WHERE status = 'queued' AND worker = :worker
ORDER BY id
