-- Put back jobs that a PHP worker claimed long ago and did not end: it names no worker.
-- A part at a time: the caller repeats until no row is touched. :before; :limit. The attempt stays
-- spent, as on Redis.
UPDATE jobs SET status = 'new'
WHERE worker IS NULL AND status = 'queued' AND touched_at <= CAST(:before AS datetime)
LIMIT :limit
