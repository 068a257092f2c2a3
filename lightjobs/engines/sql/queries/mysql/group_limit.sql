-- The limit of a group's first job in a queue and priority.
-- :queue :priority :name. {where}: nothing, or {skip} with :skip. Returns the limit, or null.
SELECT group_limit FROM {jobs} FORCE INDEX (jobs_claim)
WHERE queue = :queue AND status = 'new' AND priority = :priority AND group_key = :name
  {where}
ORDER BY scheduled_at, scheduled_us, id
LIMIT 1
