-- Whether the table is mostly dead rows, and not so many that a vacuum would take long.
-- Returns 1 or no row. The figures are the server's statistics, a second old.
SELECT 1 FROM pg_stat_user_tables
WHERE relid = to_regclass('jobs') AND n_dead_tup BETWEEN 10000 AND 1000000 AND n_dead_tup > n_live_tup / 2
