-- Claim the first due jobs of one queue and priority that have no group.
-- :worker :queue :priority :limit. {where}: nothing, or {skip} with :skip, a JSON list of handlers.
-- Returns the fields of a Claim but `waited`, then the claim order. No rows: nothing is due.
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id IN (
  SELECT id FROM {jobs}
  WHERE status = 'new' AND queue = :queue AND priority = :priority AND group_key IS NULL
    AND (scheduled_at, scheduled_us) <= ({now}, {us})
    {where}
  ORDER BY scheduled_at, scheduled_us, id
  LIMIT :limit
)
RETURNING {claim}, scheduled_at, scheduled_us, id
