-- The queues and priorities that have due jobs, in the order to serve. Paused queues do not count.
-- :queues and :priorities, arrays of equal length in that order.
-- Returns queue, priority, whether jobs of groups are due, and whether jobs without a group are.
-- OFFSET 0 keeps the planner from searching for them twice, once for the condition and once for the result: a search may pass
-- over many rows that were claimed a short time ago.
SELECT place.queue, place.priority, found.grouped, found.plain
FROM unnest(CAST(:queues AS text[]), CAST(:priorities AS integer[])) WITH ORDINALITY AS place (queue, priority, number)
CROSS JOIN LATERAL (
  SELECT (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = place.queue AND priority = place.priority AND (group_key IS NOT NULL) IS TRUE
      AND (scheduled_at, scheduled_us) <= ({now}, {us})
    ORDER BY scheduled_at, scheduled_us, id LIMIT 1
  ) IS NOT NULL AS grouped, (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = place.queue AND priority = place.priority AND group_key IS NULL
      AND (scheduled_at, scheduled_us) <= ({now}, {us})
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) IS NOT NULL AS plain
  OFFSET 0
) AS found
WHERE (found.grouped OR found.plain)
  AND NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = place.queue)
ORDER BY place.number
