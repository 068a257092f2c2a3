-- Delete jobs that no worker holds.
-- A part at a time: the caller repeats until no row is touched. {some}: up to :limit jobs that fit the filters.
DELETE FROM jobs WHERE {some}
