-- Let a transfer take no more jobs.
-- :name, see the migration; :transfer, its id.
UPDATE {job_transfers} SET is_open = 0 WHERE name = :name AND id = :transfer
