-- Lock a transfer until the end of the transaction.
-- :name, see the migration; :transfer, its id. Touches no row: it is not noted, or is closed.
UPDATE {job_transfers} SET is_open = 1 WHERE name = :name AND id = :transfer AND is_open = 1
