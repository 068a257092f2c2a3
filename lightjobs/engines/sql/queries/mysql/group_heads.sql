-- The next groups of a queue and priority, by name.
-- :queue :priority; :after, a name; :rows, how many rows of the index are read. {where}: nothing, or {skip} with :skip.
-- Returns name, how many of the rows are its, whether the first job of it is due, and the ids of those of these jobs that are due, in
-- order, with commas between them; the last ones may be cut off. No plan of MySQL or MariaDB steps from group to group; a few rows of
-- each cost less than a statement for each.
SELECT group_key, COUNT(*), COALESCE(MIN(due_at) <= UTC_TIMESTAMP(6), 1),
  GROUP_CONCAT(CASE WHEN due_at > UTC_TIMESTAMP(6) THEN NULL ELSE id END ORDER BY scheduled_at, scheduled_us, id)
FROM (
  SELECT group_key, scheduled_at, scheduled_us, id, scheduled_at + INTERVAL LEAST(scheduled_us, 999999) MICROSECOND AS due_at
  FROM {jobs} FORCE INDEX (jobs_claim)
  WHERE queue = :queue AND status = 'new' AND priority = :priority AND group_key > :after
    {where}
  ORDER BY group_key, scheduled_at, scheduled_us
  LIMIT :rows
) AS part
GROUP BY group_key ORDER BY group_key
