-- Put jobs back, as new.
-- A part at a time: the caller repeats until no row is touched. {oldest}: up to :limit jobs that fit the filters; those
-- that fail again meanwhile come last.
UPDATE jobs
SET status = 'new', worker = NULL, attempts = 0, recoveries = 0, exception = NULL, failed_at = NULL,
    scheduled_at = {now}, scheduled_us = 0
WHERE {oldest}
