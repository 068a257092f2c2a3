-- Delete keys, which are locked.
-- :keys JSON [name, ...], packed.
DELETE k FROM
JSON_TABLE(CONVERT(UNHEX(:keys) USING utf8mb4), '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS o
STRAIGHT_JOIN {job_keys} AS k FORCE INDEX (PRIMARY) ON k.name = o.name
