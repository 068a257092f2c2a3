-- Jobs that are waiting, running or paused, oldest first.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
SELECT {stored}
FROM {jobs} WHERE {where}
ORDER BY scheduled_at, id LIMIT :limit
