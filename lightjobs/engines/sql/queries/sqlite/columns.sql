-- The columns of the table `jobs`.
-- Returns their names; no row: there is no such table.
SELECT name FROM pragma_table_info('jobs')
