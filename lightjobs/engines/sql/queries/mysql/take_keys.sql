-- Note which jobs hold keys from now on. The keys are locked.
-- :keys JSON [[name, job_id, scope, seconds], ...], packed.
UPDATE
JSON_TABLE(CONVERT(UNHEX(:keys) USING utf8mb4), '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', job_id BIGINT PATH '$[1]', scope VARCHAR(8) CHARACTER SET utf8mb4 PATH '$[2]', seconds DOUBLE PATH '$[3]')) AS o
STRAIGHT_JOIN {job_keys} AS k FORCE INDEX (PRIMARY) ON k.name = o.name
SET k.job_id = o.job_id, k.scope = o.scope, k.until = {unix} + o.seconds
