-- Put back jobs that a PHP worker claimed long ago and did not finish; such claims name no worker.
-- :before; :limit. The caller repeats this until it touches no row. The attempt stays spent, as on Redis.
UPDATE {jobs} SET status = 'new'
WHERE worker IS NULL AND status = 'queued' AND touched_at <= CAST(:before AS datetime)
LIMIT :limit
