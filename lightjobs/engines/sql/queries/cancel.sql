-- Cancel jobs. A running job keeps its worker's name until the worker has let go of it.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
UPDATE {jobs}
SET fence = CASE WHEN status = 'queued' THEN {next_fence} ELSE fence END, status = 'cancelled', failed_at = {now}
WHERE {some}
