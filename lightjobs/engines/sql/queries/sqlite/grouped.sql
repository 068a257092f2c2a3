-- Where jobs of groups wait.
-- :queues, their names as a JSON array. Returns queue, priority.
SELECT place.value, level.priority
FROM json_each(:queues) AS place
CROSS JOIN (SELECT 2 AS priority UNION ALL SELECT 1 UNION ALL SELECT 0 UNION ALL SELECT -1 UNION ALL SELECT -2) AS level
WHERE EXISTS (SELECT 1 FROM {jobs} {by_time} WHERE status = 'new' AND group_key IS NOT NULL AND queue = place.value)
  AND EXISTS (
    SELECT 1 FROM {jobs} {by_time}
    WHERE status = 'new' AND group_key IS NOT NULL AND queue = place.value AND priority = level.priority
  )
