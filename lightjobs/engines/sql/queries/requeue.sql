-- Take jobs from their workers and put them back as if they had not been claimed.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
UPDATE {jobs}
SET status = 'new', worker = NULL, fence = {next_fence},
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE {some}
