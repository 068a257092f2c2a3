-- Lock keys, those that are new as well, until the transaction ends.
-- :keys JSON [name, ...], packed. WHERE FALSE: the row is locked, and not written. In the order of the names, so that no two transactions wait for each other.
INSERT INTO {job_keys} (name, scope, until)
SELECT o, '', 0 FROM json_array_elements_text(CAST(convert_from(decode(CAST(:keys AS text), 'base64'), 'UTF8') AS json)) AS o ORDER BY (o) COLLATE "C"
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name WHERE FALSE
