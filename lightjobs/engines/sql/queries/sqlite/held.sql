-- Everything a worker has claimed and not settled.
-- :worker. Returns the fields of a Claim.
SELECT CAST(id AS TEXT), fence, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), attempts, CAST(recoveries AS INTEGER), created_at, options
FROM jobs WHERE status = 'queued' AND worker = :worker
ORDER BY id
