-- Jobs that have ended, latest first.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
SELECT {stored}
FROM {jobs} WHERE failed_at IS NOT NULL AND {where}
ORDER BY failed_at DESC, id DESC LIMIT :limit
