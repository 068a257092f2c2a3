-- Keep the job of a run that is done, in the transaction of that run.
-- :id :fence. A PHP worker claims without raising the fence; but it leaves no name.
-- IS TRUE keeps planners to the primary key.
UPDATE jobs SET status = 'completed', worker = NULL, failed_at = {now}
WHERE id = :id AND fence = :fence AND (status = 'queued' AND worker IS NOT NULL) IS TRUE
