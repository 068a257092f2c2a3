-- Delete keys, which are locked.
-- :keys JSON [name, ...], packed.
DELETE FROM {job_keys}
WHERE name = ANY (ARRAY (SELECT o FROM json_array_elements_text(CAST(convert_from(decode(CAST(:keys AS text), 'base64'), 'UTF8') AS json)) AS o))
