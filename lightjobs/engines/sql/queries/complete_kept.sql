-- Keep the completed job of a run, in a transaction of the caller's.
-- :id :fence. The fence alone would not do: a PHP worker claims without raising it. But it leaves no worker's name.
-- IS TRUE keeps planners to the primary key.
UPDATE {jobs} SET status = 'completed', worker = NULL, exception = NULL, failed_at = {now}
WHERE id = :id AND fence = :fence AND (status = 'queued' AND worker IS NOT NULL) IS TRUE
