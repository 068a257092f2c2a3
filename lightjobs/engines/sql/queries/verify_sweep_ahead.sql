-- Whether the search for dead workers is put off by more than :ahead seconds, or has no row to be noted in.
-- :ahead; :limit. Returns a row if so.
SELECT 'sweep', 0 FROM (SELECT 1 AS one) AS row_of_one
WHERE NOT EXISTS (
  SELECT 1 FROM {job_sweeps} WHERE id = 1 AND swept_at <= {unix} + :ahead AND recover_from <= {unix} + :ahead
)
LIMIT :limit
