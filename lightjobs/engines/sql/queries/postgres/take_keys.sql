-- Note which jobs hold keys from now on. The keys are locked.
-- :keys JSON [[name, job_id, scope, seconds], ...], packed.
INSERT INTO {job_keys} (name, job_id, scope, until)
SELECT o ->> 0, CAST(o ->> 1 AS bigint), o ->> 2, {unix} + CAST(o ->> 3 AS double precision) FROM json_array_elements(CAST(convert_from(decode(CAST(:keys AS text), 'base64'), 'UTF8') AS json)) AS o
ON CONFLICT (name) DO UPDATE SET job_id = EXCLUDED.job_id, scope = EXCLUDED.scope, until = EXCLUDED.until
