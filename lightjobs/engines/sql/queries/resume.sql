-- Let paused jobs be claimed again.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
UPDATE {jobs} SET status = 'new' WHERE {some}
