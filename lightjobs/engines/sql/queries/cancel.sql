-- Cancel jobs. One that runs keeps its worker's name until that has let go of it.
-- A part at a time: the caller repeats until no row is touched. {some}: up to :limit jobs that fit the filters.
UPDATE jobs
SET fence = CASE WHEN status = 'queued' THEN {next_fence} ELSE fence END, status = 'cancelled', failed_at = {now}
WHERE {some}
