-- Let paused jobs be claimed.
-- A part at a time: the caller repeats until no row is touched. {some}: up to :limit jobs that fit the filters.
UPDATE jobs SET status = 'new' WHERE {some}
