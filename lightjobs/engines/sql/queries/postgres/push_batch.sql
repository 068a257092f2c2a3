-- Store a batch, which has no jobs yet. One that is there stays as it is.
-- :batch JSON [id, name, parent or null, allow_failures 0 or 1, callbacks], packed.
INSERT INTO {job_batches} (id, name, parent, allow_failures, callbacks, total, created_at)
SELECT o ->> 0, o ->> 1, o ->> 2, CAST(o ->> 3 AS integer), o ->> 4, -1, {unix}
FROM CAST(convert_from(decode(CAST(:batch AS text), 'base64'), 'UTF8') AS json) AS o
ON CONFLICT (id) DO NOTHING
