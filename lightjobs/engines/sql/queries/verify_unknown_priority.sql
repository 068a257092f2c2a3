-- Waiting jobs with a priority that no claim looks for.
-- :limit. Returns the id and the priority of each.
SELECT id, priority FROM {jobs} WHERE status = 'new' AND priority NOT BETWEEN -2 AND 2 ORDER BY id LIMIT :limit
