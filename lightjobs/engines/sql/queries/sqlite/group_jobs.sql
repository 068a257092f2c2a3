-- The first due jobs of some groups of a queue and priority.
-- :queue :priority; :groups, a JSON list of names, null for the jobs without a group; :quota, how many of each. {where}:
-- nothing, or {skip} with :skip. Returns group, id, group_limit; the jobs of each group in order.
-- The condition is for each group a search in the index that ends at :quota; what is sorted are only the rows it has found.
SELECT job.group_key, job.id, job.group_limit
FROM json_each(:groups) AS asked CROSS JOIN {jobs} AS job ON job.id IN (
  SELECT id FROM {jobs}
  WHERE status = 'new' AND queue = :queue AND priority = :priority AND group_key IS asked.value
    AND (scheduled_at, scheduled_us) <= ({now}, {us})
    {where}
  ORDER BY scheduled_at, scheduled_us, id
  LIMIT :quota
)
ORDER BY job.scheduled_at, job.scheduled_us, job.id
