-- The next groups of a queue and priority, by name, that have a due job and a place for it.
-- :queue :priority; :after, a name; :until, the last name, or null; :limit. {where}: nothing, or {skip} with :skip.
-- Returns the name, and the id and the group_limit of the group's first job. It steps from group to group in the index, and stops when it has found enough.
WITH RECURSIVE walk (name, id, at_once, is_due) AS (
  SELECT :after, NULL, NULL, FALSE
  UNION ALL
  SELECT job.group_key, job.id, job.group_limit, (job.scheduled_at, job.scheduled_us) <= ({now}, {us})
  FROM walk CROSS JOIN {jobs} AS job ON job.id = (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = :queue AND priority = :priority AND group_key > walk.name
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  )
  WHERE :until IS NULL OR walk.name < :until
)
SELECT name, id, at_once FROM walk
WHERE is_due AND (:until IS NULL OR name <= :until)
  AND (at_once IS NULL OR at_once > (
    SELECT count(*) FROM {jobs} WHERE status = 'queued' AND queue = :queue AND group_key = walk.name
  ))
LIMIT :limit
