-- The columns of the table `jobs`.
-- Returns their names; no row: there is no such table.
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('{jobs}') AND attnum > 0 AND NOT attisdropped
