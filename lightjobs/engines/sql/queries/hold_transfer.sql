-- Lock a transfer until the end of the transaction, and count more jobs that have left or arrived.
-- :name, see the migration; :transfer, its id; :count. Touches no row: it is not noted.
UPDATE {job_transfers} SET jobs = jobs + :count WHERE name = :name AND id = :transfer
