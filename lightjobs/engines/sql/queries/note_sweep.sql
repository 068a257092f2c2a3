-- Note that there was a search for dead workers just now, unless one is noted.
INSERT INTO {job_sweeps} (id, swept_at, recover_from)
SELECT 1, {unix}, {unix} FROM (SELECT 1 AS one) AS row_of_one
WHERE NOT EXISTS (SELECT 1 FROM {job_sweeps} WHERE id = 1)
