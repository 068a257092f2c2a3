-- Name the worker of jobs that this transaction has locked.
-- :worker; :ids, a list.
UPDATE jobs SET status = 'queued', worker = :worker, attempts = attempts + 1, fence = fence + 1
WHERE id IN :ids
