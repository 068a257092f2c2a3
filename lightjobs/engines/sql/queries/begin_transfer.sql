-- Note a transfer.
-- :name, see the migration; :transfer, its id; :target.
INSERT INTO {job_transfers} (name, id, target) VALUES (:name, :transfer, :target)
