-- Name the worker of jobs that this transaction has locked.
-- :worker; :ids, a list. By primary key: MariaDB 11.8 would lock rows by another index, too, and deadlock with settle_*.
UPDATE {jobs} FORCE INDEX (PRIMARY) SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id IN :ids
