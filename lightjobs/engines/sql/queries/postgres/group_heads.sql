-- The next groups of a queue and priority, by name, that have a due job and, as far as is seen from here, a place for it.
-- :queue :priority; :after, a name; :until, the last name, or null; :limit. {where}: nothing, or {skip} with :skip.
-- Returns the name, and the id and the group_limit of the group's first job. It steps from group to group in the index, and stops when it has found enough.
WITH RECURSIVE walk (name, id, at_once, is_due) AS (
  (SELECT group_key, id, group_limit, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
   WHERE status = 'new' AND queue = :queue AND priority = CAST(:priority AS integer) AND group_key > :after
     {where}
   ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1)
  UNION ALL
  SELECT next.* FROM walk CROSS JOIN LATERAL (
    SELECT group_key, id, group_limit, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
    WHERE status = 'new' AND queue = :queue AND priority = CAST(:priority AS integer) AND group_key > walk.name
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) AS next
  WHERE CAST(:until AS text) IS NULL OR walk.name < CAST(:until AS text)
)
SELECT name, id, at_once FROM walk
WHERE is_due AND (CAST(:until AS text) IS NULL OR name <= CAST(:until AS text))
  AND (at_once IS NULL OR at_once > (
    SELECT count(*) FROM {jobs} WHERE status LIKE 'queued' AND queue = :queue AND group_key = walk.name
  ))
LIMIT :limit
