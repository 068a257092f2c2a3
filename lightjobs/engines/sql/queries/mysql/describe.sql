-- Keep what known entries of the schedule dispatch, and their next moments.
-- :entries JSON [[entry, template, next or null], ...].
UPDATE
JSON_TABLE(:entries, '$[*]' COLUMNS (entry VARCHAR(191) CHARACTER SET utf8mb4 PATH '$[0]', template LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]', following DOUBLE PATH '$[2]')) AS o
STRAIGHT_JOIN {job_slots} FORCE INDEX (PRIMARY) ON {job_slots}.entry = o.entry
SET {job_slots}.template = o.template, {job_slots}.next = o.following
