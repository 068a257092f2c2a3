-- Delete the rates of one span that are older than it keeps them.
-- :span; :kept in seconds; :limit, about how many rows to delete at most.
DELETE FROM {job_rates} WHERE span = :span AND bucket <= (
  SELECT max(bucket) FROM (
    SELECT bucket FROM {job_rates}
    WHERE span = :span AND bucket <= CAST({unix} AS bigint) - :kept - :span
    ORDER BY bucket LIMIT :limit
  ) AS old
)
