-- A transfer as it is noted.
-- :name, see the migration. Returns id, target, jobs; no row: there is none.
SELECT id, target, jobs FROM {job_transfers} WHERE name = :name
