-- The columns of the table `jobs`.
-- Returns their names; no row: there is no such table.
SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'jobs'
