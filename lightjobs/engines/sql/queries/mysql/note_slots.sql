-- Store the last slots of entries of the schedule, and their jobs.
-- :slots JSON [[entry, due, job_id or null, job_due or null, next or null], ...].
UPDATE
JSON_TABLE(:slots, '$[*]' COLUMNS (entry VARCHAR(191) CHARACTER SET utf8mb4 PATH '$[0]', due DOUBLE PATH '$[1]', job_id BIGINT PATH '$[2]', job_due DOUBLE PATH '$[3]', following DOUBLE PATH '$[4]')) AS o
STRAIGHT_JOIN {job_slots} FORCE INDEX (PRIMARY) ON {job_slots}.entry = o.entry
SET {job_slots}.due = o.due, {job_slots}.job_id = o.job_id, {job_slots}.job_due = o.job_due,
  {job_slots}.next = o.following
