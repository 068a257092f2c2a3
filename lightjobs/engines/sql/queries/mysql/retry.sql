-- Put failed jobs back, as new. A part at a time: the caller repeats until no row is touched.
-- :id or null for all; :queue or null for all; :limit.
UPDATE jobs
SET status = 'new', attempts = 0, recoveries = 0, exception = NULL, failed_at = NULL,
    scheduled_at = {now}, scheduled_us = 0
WHERE status = 'failed' AND id = COALESCE(:id, id) AND queue = COALESCE(:queue, queue)
LIMIT :limit
