-- As find_key.sql, for a caller's transaction that sees the tables as they were when it began. A row of JSON_TABLE cannot be
-- locked on MySQL, so there is one such look for each key.
-- :key JSON text, packed.
SELECT k.name, k.job_id, k.scope, k.until,
  (SELECT replace(replace(j.status, 'moving ', ''), 'staying ', '') FROM {jobs} AS j WHERE j.id = k.job_id AND (j.unique_key = k.name) IS TRUE LOCK IN SHARE MODE)
FROM {job_keys} AS k
WHERE k.name = JSON_UNQUOTE(JSON_EXTRACT(CONVERT(UNHEX(:key) USING utf8mb4), '$[0]')) AND k.until > {unix} LOCK IN SHARE MODE
