-- Put jobs back as new ones.
-- {oldest}: up to :limit jobs that fit the filters, those that ended first; jobs that fail again in the meantime come
-- last. :spread: the seconds over which their due times are spread. The caller repeats this until it touches no row.
UPDATE {jobs}
SET status = 'new', worker = NULL, attempts = 0, recoveries = 0, exception = NULL, failed_at = NULL,
    scheduled_at = {soon}, scheduled_us = 0, result = NULL, progress = NULL, kept_until = NULL
WHERE {oldest}
