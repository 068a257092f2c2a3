-- Who took these keys, for a time that is not over, and what became of that job.
-- :keys JSON [name, ...], packed. Returns name, job_id, scope, until, and the job's status or null if it is gone.
-- A job that is on its way to another store has the status that it had before.
SELECT k.name, k.job_id, k.scope, k.until,
  (SELECT replace(replace(j.status, 'moving ', ''), 'staying ', '') FROM {jobs} AS j WHERE j.id = k.job_id AND (j.unique_key = k.name) IS TRUE)
FROM {job_keys} AS k
WHERE k.name = ANY (ARRAY (SELECT o FROM json_array_elements_text(CAST(convert_from(decode(CAST(:keys AS text), 'base64'), 'UTF8') AS json)) AS o)) AND (k.until > {unix}) IS TRUE
