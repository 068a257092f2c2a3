-- Jobs that have ended, latest first.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
SELECT {stored}
FROM {jobs} WHERE {where}
ORDER BY failed_at DESC, id DESC LIMIT :limit
