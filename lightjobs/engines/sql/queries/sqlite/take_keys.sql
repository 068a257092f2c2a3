-- Note which jobs hold keys from now on. The keys are locked.
-- :keys JSON [[name, job_id, scope, seconds], ...].
INSERT INTO {job_keys} (name, job_id, scope, until)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), {unix} + json_extract(value, '$[3]')
FROM json_each(:keys) WHERE true
ON CONFLICT (name) DO UPDATE SET job_id = excluded.job_id, scope = excluded.scope, until = excluded.until
