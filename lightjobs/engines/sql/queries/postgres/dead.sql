-- Whether most rows of the table are dead, and few enough for a vacuum to be short.
-- Returns 1 or no row. The numbers are the server's statistics, a second old.
SELECT 1 FROM pg_stat_user_tables
WHERE relid = to_regclass('{jobs}') AND n_dead_tup BETWEEN 10000 AND 1000000 AND n_dead_tup > n_live_tup / 2
