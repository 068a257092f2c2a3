-- Forget a transfer.
-- :name, see the migration; :transfer, its id.
DELETE FROM {job_transfers} WHERE name = :name AND id = :transfer
