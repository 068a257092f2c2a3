-- Pause waiting jobs.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
UPDATE {jobs} SET status = 'paused' WHERE {some}
