-- Put jobs back as new ones.
-- {oldest}: up to :limit jobs that fit the filters, those that ended first; jobs that fail again in the meantime come
-- last. The caller repeats this until it touches no row.
UPDATE jobs
SET status = 'new', worker = NULL, attempts = 0, recoveries = 0, exception = NULL, failed_at = NULL,
    scheduled_at = {now}, scheduled_us = 0
WHERE {oldest}
