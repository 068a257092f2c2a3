-- Lock the first due jobs of some groups of a queue and priority.
-- :queue :priority; :groups, an array of names; :plain, whether the jobs without a group are one of them; :quota, how many
-- of each. {where}: nothing, or {skip} with :skip. Returns group, id, group_limit; the jobs of each group in order.
SELECT * FROM (
  SELECT group_key, id, group_limit FROM {jobs}
  WHERE :plain AND status = 'new' AND queue = :queue AND priority = CAST(:priority AS integer) AND group_key IS NULL
    AND (scheduled_at, scheduled_us) <= ({now}, {us})
    {where}
  ORDER BY group_key, scheduled_at, scheduled_us, id
  LIMIT :quota
  FOR UPDATE SKIP LOCKED
) AS without
UNION ALL
SELECT job.* FROM unnest(CAST(:groups AS text[])) AS asked (name)
CROSS JOIN LATERAL (
  SELECT group_key, id, group_limit FROM {jobs}
  WHERE status = 'new' AND queue = :queue AND priority = CAST(:priority AS integer) AND group_key = asked.name
    AND (scheduled_at, scheduled_us) <= ({now}, {us})
    {where}
  ORDER BY group_key, scheduled_at, scheduled_us, id
  LIMIT :quota
  FOR UPDATE SKIP LOCKED
) AS job
