-- Store a batch, which has no jobs yet. One that is there stays as it is.
-- :batch JSON [id, name, parent or null, allow_failures 0 or 1, callbacks], packed.
INSERT IGNORE INTO {job_batches} (id, name, parent, allow_failures, callbacks, total, created_at)
SELECT o.id, o.name, o.parent, o.allow_failures, o.callbacks, -1, {unix}
FROM JSON_TABLE(CONVERT(UNHEX(:batch) USING utf8mb4), '$' COLUMNS (id VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[0]', name LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]', parent VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[2]', allow_failures INT PATH '$[3]', callbacks LONGTEXT CHARACTER SET utf8mb4 PATH '$[4]')) AS o
