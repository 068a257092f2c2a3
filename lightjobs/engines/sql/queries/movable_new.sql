-- Waiting jobs that may be transferred, locked, in the order of their index.
-- {where}: the status and the filters; :limit. Returns the id of each.
SELECT id FROM {jobs} WHERE {where}
ORDER BY queue, priority DESC, scheduled_at, scheduled_us, id LIMIT :limit {take}
