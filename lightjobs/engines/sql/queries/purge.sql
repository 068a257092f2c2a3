-- Delete jobs that no worker holds.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
DELETE FROM {jobs} WHERE {some}
