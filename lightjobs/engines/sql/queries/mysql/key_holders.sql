-- Who took these keys, for a time that is not over, and what became of that job.
-- :keys JSON [name, ...], packed. Returns name, job_id, scope, until, and the job's status or null if it is gone.
-- A job that is on its way to another store has the status that it had before.
SELECT k.name, k.job_id, k.scope, k.until,
  (SELECT replace(replace(j.status, 'moving ', ''), 'staying ', '') FROM {jobs} AS j WHERE j.id = k.job_id AND (j.unique_key = k.name) IS TRUE)
FROM JSON_TABLE(CONVERT(UNHEX(:keys) USING utf8mb4), '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS o
STRAIGHT_JOIN {job_keys} AS k FORCE INDEX (PRIMARY) ON k.name = o.name
WHERE k.until > {unix}
