-- Give jobs that wait the normal priority.
-- A part at a time: the caller repeats until no row is touched. {some}: up to :limit jobs that fit the filters.
UPDATE jobs SET priority = 0 WHERE {some}
