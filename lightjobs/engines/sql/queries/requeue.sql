-- Take jobs from their workers and put them back as if they had not been claimed.
-- A part at a time: the caller repeats until no row is touched. {some}: up to :limit jobs that fit the filters.
UPDATE jobs
SET status = 'new', worker = NULL, fence = {next_fence},
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE {some}
