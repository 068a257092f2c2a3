-- Jobs of a queue that failed for good, latest first: only what tells them apart, for they may be 10,000.
-- {where}: the status, the queue and the place to go on behind; :limit. Returns the fields of a Failure.
SELECT {failure}
FROM {jobs} WHERE {where}
ORDER BY failed_at DESC, id DESC LIMIT :limit
