-- Give waiting jobs the normal priority.
-- {some}: up to :limit jobs that fit the filters. The caller repeats this until it touches no row.
UPDATE {jobs} SET priority = 0 WHERE {some}
