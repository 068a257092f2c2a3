-- Delete completed jobs.
-- :worker; :outcomes JSON [[id, fence], ...].
DELETE jobs FROM
JSON_TABLE(:outcomes, '$[*]' COLUMNS (id BIGINT PATH '$[0]', fence INT PATH '$[1]')) AS o
STRAIGHT_JOIN {jobs} FORCE INDEX (PRIMARY) ON jobs.id = o.id AND jobs.fence = o.fence
WHERE jobs.status = 'queued' AND jobs.worker = :worker
