-- Lock keys, those that are new as well, until the transaction ends.
-- :keys JSON [name, ...], packed. In the order of the names, so that no two transactions wait for each other.
INSERT INTO {job_keys} (name, scope, until)
SELECT o.name, '', 0 FROM JSON_TABLE(CONVERT(UNHEX(:keys) USING utf8mb4), '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS o
ON DUPLICATE KEY UPDATE {job_keys}.until = {job_keys}.until
