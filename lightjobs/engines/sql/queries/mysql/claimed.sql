-- Name the worker of jobs that this transaction has locked.
-- :worker; :ids, a list.
UPDATE jobs SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id IN :ids
